// Finds koffi's native file and maps it into the process. Nothing of it stays on disk.
import { randomBytes } from 'node:crypto'
import { unlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import sea from 'node:sea'
import { messageOf } from '../domain/errors.ts'

/** The little of koffi that is used; `func` takes a C prototype. */
export interface Koffi {
  load(library: string): { func(prototype: string): (...args: unknown[]) => unknown }
  errno(): number
}

const NATIVE_ASSET = 'koffi.node'

/**
 * Maps koffi into the process. In the binary: `koffi.node` beside it, else the embedded copy, unpacked to the first
 * folder that is writable and lets files be mapped executable. From source: the file of the installed package.
 * @throws Error that names every place tried and why it failed
 */
export function openKoffi(): Koffi {
  const failures: string[] = []
  const places = sea.isSea()
    ? [() => openFile(path.join(path.dirname(process.execPath), NATIVE_ASSET)), unpackAsset]
    : [() => openFile(installedFile(import.meta))]
  for (const open of places) {
    try {
      return open()
    } catch (error) {
      failures.push(firstLineOf(error))
    }
  }
  throw new Error(failures.join('; '))
}

/**
 * Writes `bytes` under a random name, readable by us alone, to the first of `folders` where it can be mapped, and
 * removes the name at once.
 * @throws Error that names every folder tried and why it failed
 */
export function unpack(bytes: Uint8Array, folders: readonly string[]): Koffi {
  const failures: string[] = []
  for (const folder of folders) {
    const file = path.join(folder, `.pidpiper-${randomBytes(8).toString('hex')}.node`)
    try {
      writeFileSync(file, bytes, { flag: 'wx', mode: 0o700 })
      try {
        return openFile(file)
      } finally {
        unlinkSync(file)
      }
    } catch (error) {
      failures.push(firstLineOf(error))
    }
  }
  throw new Error(failures.join('; '))
}

function unpackAsset(): Koffi {
  const runtime = process.env['XDG_RUNTIME_DIR']
  const folders = [...(runtime ? [runtime] : []), '/run', os.tmpdir(), '/dev/shm', process.cwd()]
  return unpack(new Uint8Array(sea.getRawAsset(NATIVE_ASSET)), folders)
}

/** In a bundle that is not the binary, `import.meta` is empty: the packages are then looked for from the working folder. */
function installedFile(meta: { readonly url?: string }): string {
  const from = createRequire(meta.url ?? path.join(process.cwd(), 'package.json'))
  return from.resolve(`@koromix/koffi-linux-${process.arch}/linux_${process.arch}/${NATIVE_ASSET}`)
}

function openFile(file: string): Koffi {
  const holder = { exports: {} as Koffi }
  process.dlopen(holder, file)
  return holder.exports
}

const firstLineOf = (error: unknown): string => messageOf(error).split('\n')[0] ?? ''
