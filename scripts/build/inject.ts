import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import process from 'node:process'
import { execa } from 'execa'
import { BuildError, megabytes } from './step.ts'

/** The part of pkg that its command line does not reach: simple mode with a base and a configuration of our own. */
interface SeaOptions {
  readonly targets: readonly { nodeRange: string; platform: string; arch: string; output: string }[]
  readonly nodePath: string
  readonly seaConfig: {
    readonly useCodeCache: boolean
    readonly disableExperimentalSEAWarning: boolean
    readonly execArgv: readonly string[]
    readonly execArgvExtension: 'none' | 'env' | 'cli'
    readonly assets: Readonly<Record<string, string>>
  }
}
interface SeaModule {
  readonly default: (main: string, options: SeaOptions) => Promise<void>
}
interface LogModule {
  readonly log: { info: (text: string) => void; warn: (text: string) => void }
}

/**
 * Objects of the data path live for a batch: with V8's default of 16 MiB for young ones the agent would be 25 MB larger
 * under load and no faster.
 */
const execArgv = ['--max-semi-space-size=2']

/**
 * Makes `output` of the Node at `base` and the bundle at `main`. `assets` are absolute paths by their names inside
 * (`sea.getRawAsset`). The binary ignores NODE_OPTIONS: in an image that variable is meant for the Calculator.
 */
export async function inject(main: string, base: string, assets: Record<string, string>, output: string) {
  const require = createRequire(import.meta.url)
  const { log } = require('@yao-pkg/pkg/lib-es5/log.js') as LogModule
  log.info = () => undefined // its own progress lines say less than ours
  log.warn = () => undefined
  const sea = require('@yao-pkg/pkg/lib-es5/sea.js') as SeaModule
  await sea.default(main, {
    targets: [{ nodeRange: 'node24', platform: 'linux', arch: process.arch, output }],
    nodePath: base,
    seaConfig: { useCodeCache: true, disableExperimentalSEAWarning: true, execArgvExtension: 'none', execArgv, assets },
  })
  return `${output}, ${megabytes((await stat(output)).size)}`
}

/** Starts the new binary the hard way, with a NODE_OPTIONS that would end any Node, and reads its version. */
export async function proveStart(binary: string, version: string): Promise<string> {
  const cure = 'run the binary by hand with --version; a crash at once means that base and blob differ in version'
  const { stdout } = await execa(binary, ['--version'], {
    env: { NODE_OPTIONS: '--require /missing' },
    extendEnv: false,
    timeout: 30_000,
  }).catch((cause: unknown) => {
    throw new BuildError(`cannot start the new binary ${binary}`, cure, { cause })
  })
  if (!stdout.includes(version)) {
    throw new BuildError(`cannot trust ${binary}: its --version says ${JSON.stringify(stdout)}, not ${version}`, cure)
  }
  return stdout.trim()
}
