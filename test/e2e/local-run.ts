// An agent between two files.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startAgent, type AgentOptions, type TestAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'

export interface Local extends AgentOptions {
  readonly input?: string | Buffer
  readonly calculator: readonly [string, ...string[]]
}

export interface LocalRun {
  readonly agent: TestAgent
  readonly input: string
  readonly output: string
}

/** From a file with `input` to another file, with raw lines, unless `env` says otherwise. */
export async function startLocal(t: TestContext, { input = '', calculator, ...options }: Local): Promise<LocalRun> {
  const folder = tempDir(t)
  const from = join(folder, 'in')
  const to = join(folder, 'out')
  writeFileSync(from, input)
  const agent = await startAgent(t, {
    ...options,
    args: ['--in', from, '--out', to, ...calculatorWords(calculator)],
    env: { OUTPUT_FORMAT: 'raw', ...options.env },
  })
  return { agent, input: from, output: to }
}

export const calculatorWords = ([bin, ...args]: readonly [string, ...string[]]): string[] => [
  ...['--bin', bin],
  ...args.flatMap((arg) => ['--arg', arg]),
]
