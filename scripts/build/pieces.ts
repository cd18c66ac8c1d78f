import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { writeSbom } from './sbom.ts'
import { BuildError } from './step.ts'

/** The prebuilt koffi of this machine's kind, for glibc. */
export function koffiFile(): string {
  const name = `@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new BuildError(`cannot find ${name}`, 'run `npm ci` without --omit=optional on this machine', { cause })
  }
}

/** `amd64` or `arm64`: the names that container platforms use. */
export function platformName(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

/**
 * Puts `binary` and koffi into `folder`: `pidpiper`, the same under its platform's name, `koffi.node`, the list of
 * its parts (`inputs` are its sources), and SHA256SUMS in the form that `sha256sum -c` reads. A binary that runs at this moment is replaced, not overwritten.
 */
export async function publish(
  binary: string,
  koffi: string,
  inputs: readonly string[],
  folder: string,
): Promise<string> {
  const named = `pidpiper-linux-${platformName()}`
  await place(koffi, join(folder, 'koffi.node'))
  await place(binary, join(folder, named))
  await place(binary, join(folder, 'pidpiper'))
  const sbom = `${named}.cdx.json`
  const parts = await writeSbom(binary, inputs, join(folder, sbom))
  const files = ['koffi.node', 'pidpiper', named, sbom]
  const sums = await Promise.all(files.map(async (file) => `${await sha256(join(folder, file))}  ${file}\n`))
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''))
  return `${[...files, 'SHA256SUMS'].join(', ')} (${parts})`
}

async function place(from: string, to: string): Promise<void> {
  const fresh = `${to}.new`
  await rm(fresh, { force: true })
  await copyFile(from, fresh, constants.COPYFILE_FICLONE)
  await rename(fresh, to)
}

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
