import { spawnSync } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import type { Command, Contender, Streams } from '../contender.ts'

const root = join(import.meta.dirname, '../..')

const binary = join(root, 'dist', 'pidpiper')

function isFresh(): boolean {
  const changed = (file: string): number => statSync(file).mtimeMs
  const sources = globSync(['src/**/*.ts', 'scripts/**/*', 'package.json'], { cwd: root })
  return existsSync(binary) && sources.every((file) => changed(join(root, file)) <= changed(binary))
}

/** Builds the binary where it is older than the sources. Gives the reason why the sources run instead, or null. */
export function prepareAgent(): string | null {
  if (process.env['TEST_BINARY'] !== undefined || isFresh()) return null
  const { status } = spawnSync('npm', ['run', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  return status === 0 ? null : 'the binary (npm run build failed): the sources run instead, which need more memory'
}

/** The words that start the agent: TEST_BINARY, else a binary that is no older than the sources, else the sources. */
export function agentWords(): readonly [string, ...string[]] {
  const given = process.env['TEST_BINARY']
  if (given !== undefined) return [given]
  return isFresh() ? [binary] : [process.execPath, join(root, 'src', 'main.ts')]
}

/** The same for people. */
export const agentText = (): string =>
  agentWords()
    .map((word) => (word.startsWith(root) ? relative(root, word) : word))
    .join(' ')

/** The words that start the agent from its sources, with `preload` in its process before anything else. */
export const sourceWords = (preload: string): readonly [string, ...string[]] => [
  ...([process.execPath, '--import', preload, join(root, 'src', 'main.ts')] as const),
]

/** An agent that carries `streams` through `cat`; raw output, only warnings, unless `env` says otherwise. */
export const agentCommand = (
  { broker, input, output, group, workload, http }: Streams,
  env: Readonly<Record<string, string>> = {},
  words = agentWords(),
): Command => ({
  words: [...words, '--bin', 'cat'] as const,
  env: {
    NODE_ID: 'bench',
    KAFKA_DSN: broker,
    KAFKA_CONSUMER_GROUP: group,
    KAFKA_COMPRESSION: workload.compression,
    INPUT_TOPICS: input,
    OUTPUT_TOPIC: output,
    OUTPUT_FORMAT: 'raw',
    HTTP_LISTEN: http ?? 'off',
    LOG_LEVEL: 'warn',
    ...env,
  },
})

const pidpiper = (
  name: string,
  output: Contender['output'],
  env: Readonly<Record<string, string>>,
  countsCheckpoints = false,
): Contender => ({
  ...{ name: `pidpiper-${name}`, output, commits: true, endsByItself: false, countsCheckpoints },
  unavailable: () => null,
  command: (streams) => agentCommand(streams, { OUTPUT_FORMAT: output, ...env }),
})

/** With three checkpoints at least in a run of ten million records. */
export const relayRaw = pidpiper('relay-raw', 'raw', { CHECKPOINT_INTERVAL: '2s' }, true)
export const relayDataframe = pidpiper('relay-dataframe', 'dataframe', { CHECKPOINT_INTERVAL: '2s' }, true)
export const oneToOneRaw = pidpiper('one-to-one-raw', 'raw', { PROTOCOL: 'one-to-one' })
export const oneToOneJson = pidpiper('one-to-one-json', 'dataframe', {
  ...{ PROTOCOL: 'one-to-one', OUTPUT_JSON: 'true' },
})

export const pidpipers: readonly Contender[] = [relayRaw, relayDataframe, oneToOneRaw, oneToOneJson]
