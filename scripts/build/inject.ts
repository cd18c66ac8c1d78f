import { constants } from 'node:fs'
import { copyFile, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { execa } from 'execa'
import { FUSE } from './base.ts'
import { makeBlob } from './blob.ts'
import { BuildError, megabytes } from './step.ts'

/** What pkg itself puts programs into executables with. */
interface Postject {
  readonly inject: (
    file: string,
    section: string,
    content: Buffer,
    options: { readonly sentinelFuse: string; readonly overwrite: boolean },
  ) => Promise<void>
}

/**
 * Objects of the data path live for a batch: with V8's default of 16 MiB for young ones the agent would be 25 MB larger
 * under load and no faster. And no signal opens Node's debugger, which any user of the machine could then talk to: see
 * `hearSigusr1`.
 */
const execArgv = ['--max-semi-space-size=2', '--disable-sigusr1']

/**
 * Makes `output` of the Node at `base` and the bundle at `main`. `assets` are absolute paths by their names inside
 * (`sea.getRawAsset`). The binary ignores NODE_OPTIONS: in an image that variable is meant for the Calculator. The same
 * sources give the same bytes in any folder at any time.
 */
export async function inject(main: string, base: string, assets: Record<string, string>, output: string) {
  const require = createRequire(createRequire(import.meta.url).resolve('@yao-pkg/pkg/package.json'))
  const { inject: postject } = require('postject') as Postject
  const config = { disableExperimentalSEAWarning: true, execArgvExtension: 'none', execArgv, assets } as const
  const blob = await makeBlob(main, base, config)
  await rm(output, { force: true })
  await copyFile(base, output, constants.COPYFILE_FICLONE)
  await quietly(() => postject(output, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE, overwrite: true }))
  return `${output}, ${megabytes((await stat(output)).size)}`
}

/** postject's library writes notes about sections it does not know to the console, and means nothing by them. */
async function quietly(work: () => Promise<void>): Promise<void> {
  const { log, warn, error } = console
  const ignore = (): void => undefined
  Object.assign(console, { log: ignore, warn: ignore, error: ignore })
  try {
    await work()
  } finally {
    Object.assign(console, { log, warn, error })
  }
}

/** Starts the new binary the hard way, with a NODE_OPTIONS that would end any Node, and reads its version. */
export async function proveStart(binary: string, version: string): Promise<string> {
  const cure = 'run the binary by hand with --version; a crash at once means that base and blob differ in version'
  const { stdout, stderr } = await execa(binary, ['--version'], {
    env: { NODE_OPTIONS: '--require /missing' },
    extendEnv: false,
    timeout: 30_000,
  }).catch((cause: unknown) => {
    throw new BuildError(`cannot start the new binary ${binary}`, cure, { cause })
  })
  if (!stdout.includes(version)) {
    throw new BuildError(`cannot trust ${binary}: its --version says ${JSON.stringify(stdout)}, not ${version}`, cure)
  }
  // Node says so when it does not take the code cache; the start would take twice as long.
  if (stderr !== '') throw new BuildError(`cannot trust ${binary}: it says ${JSON.stringify(stderr)}`, cure)
  return stdout.trim()
}
