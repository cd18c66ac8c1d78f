// The program as Node keeps it inside an executable: the bundle, its assets and its code cache, byte for byte the same
// in every build of the same sources.
import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { execa } from 'execa'
import { BuildError } from './step.ts'

export interface SeaConfig {
  readonly disableExperimentalSEAWarning: boolean
  readonly execArgv: readonly string[]
  readonly execArgvExtension: 'none' | 'env' | 'cli'
  readonly assets: Readonly<Record<string, string>>
}

/**
 * V8 draws the seed of its hash tables anew in each process, and their order shows in the code cache. With a seed of
 * our own it is always the same.
 */
const FIXED_SEED = '--hash-seed=1'

/** Bytes of the cache's header, after V8's SerializedCodeData: magic number and V8's version, source hash, flag hash. */
const header = { identity: 8, flagsAt: 12, flags: 4, length: 16 }

/** Raises BuildError where Node makes no blob, or one that does not look as expected. */
export async function makeBlob(main: string, base: string, config: SeaConfig): Promise<Buffer> {
  const folder = dirname(main)
  const [configFile, output] = ['sea-config.json', 'sea.blob']
  // `main` and `output` without the folder: the path of the main file is kept in the blob.
  const whole = { main: basename(main), output, useCodeCache: true, ...config }
  await writeFile(join(folder, configFile), JSON.stringify(whole))
  await execa(base, [FIXED_SEED, '--experimental-sea-config', configFile], { cwd: folder })
  const blob = await readFile(join(folder, output))
  takeWithoutSeed(blob, await plainHeader(base))
  return blob
}

/** The header of any code cache that `base` makes when it runs without flags, as the binary will. */
async function plainHeader(base: string): Promise<Buffer> {
  const script = "process.stdout.write(new (require('vm').Script)('1').createCachedData().toString('hex'))"
  const { stdout } = await execa(base, ['-e', script])
  return Buffer.from(stdout, 'hex').subarray(0, header.length)
}

/**
 * V8 takes a cache only under the flags it was made with, and the seed is one of them. Nothing in the cache depends on
 * it but the order of entries, since each process draws its own: so the cache is marked as made without flags.
 */
function takeWithoutSeed(blob: Buffer, plain: Buffer): void {
  const identity = plain.subarray(0, header.identity)
  const at = blob.indexOf(identity)
  if (at < 0 || blob.indexOf(identity, at + 1) >= 0) {
    throw new BuildError(
      'cannot find the one code cache in the program',
      "compare scripts/build/blob.ts with SerializedCodeData in V8's code-serializer.h of this Node",
    )
  }
  plain.copy(blob, at + header.flagsAt, header.flagsAt, header.flagsAt + header.flags)
}
