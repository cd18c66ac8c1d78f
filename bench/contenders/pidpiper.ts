import { existsSync, globSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import type { Command, Contender, Streams } from '../contender.ts'

const root = join(import.meta.dirname, '../..')

/** The words that start the agent: TEST_BINARY, else a binary that is no older than the sources, else the sources. */
export function agentWords(): readonly [string, ...string[]] {
  const given = process.env['TEST_BINARY']
  if (given !== undefined) return [given]
  const binary = join(root, 'dist', 'pidpiper')
  const changed = (file: string): number => statSync(file).mtimeMs
  const sources = globSync(['src/**/*.ts', 'scripts/**/*', 'package.json'], { cwd: root })
  const fresh = existsSync(binary) && sources.every((file) => changed(join(root, file)) <= changed(binary))
  return fresh ? [binary] : [process.execPath, join(root, 'src', 'main.ts')]
}

/** The same for people. */
export const agentText = (): string =>
  agentWords()
    .map((word) => (word.startsWith(root) ? relative(root, word) : word))
    .join(' ')

/** An agent that carries `streams` through `cat`; raw output, no HTTP, only warnings, unless `env` says otherwise. */
export const agentCommand = (streams: Streams, env: Readonly<Record<string, string>> = {}): Command => ({
  words: [...agentWords(), '--bin', 'cat'] as const,
  env: {
    NODE_ID: 'bench',
    KAFKA_DSN: streams.broker,
    KAFKA_CONSUMER_GROUP: streams.group,
    INPUT_TOPICS: streams.input,
    OUTPUT_TOPIC: streams.output,
    OUTPUT_FORMAT: 'raw',
    HTTP_LISTEN: 'off',
    LOG_LEVEL: 'warn',
    ...env,
  },
})

const pidpiper = (
  name: string,
  output: Contender['output'],
  env: Readonly<Record<string, string>> = {},
): Contender => ({
  name,
  output,
  commits: true,
  endsByItself: false,
  unavailable: () => null,
  command: (streams) => agentCommand(streams, { OUTPUT_FORMAT: output, ...env }),
})

export const pidpipers: readonly Contender[] = [
  pidpiper('pidpiper-relay-raw', 'raw'),
  pidpiper('pidpiper-relay', 'dataframe'),
  pidpiper('pidpiper-one-to-one', 'raw', { PROTOCOL: 'one-to-one' }),
]
