// `pidpiper -c FILE`: the programs of a supervisord configuration, and a Calculator beside them where there is one.
import process from 'node:process'
import type { RunFlags } from '../../cli/arguments.ts'
import { hasStream } from './has-stream.ts'
import { supervisord } from './start.ts'

/** @returns the exit code */
export async function runWithFile(argv: readonly string[], flags: RunFlags): Promise<number> {
  const called = { program: process.argv0, executable: process.argv0 }
  if (!hasStream(process.env, flags)) return supervisord(argv, called)
  // Loaded only here: without a stream nothing of Kafka and Consul takes memory.
  const [{ prepare, surroundings }, { Agent }] = await Promise.all([import('../run.ts'), import('../agent.ts')])
  const prepared = prepare(flags)
  if (typeof prepared === 'number') return prepared
  const { config, log } = prepared
  return supervisord(argv, called, {
    group: config.calculator.group,
    onStderrLine: (line) => log.child(line),
    masked: (text) => log.masked(text),
    childEnvironment: config.calculator.childEnvironment,
    create: ({ spawner, ...shared }) => new Agent(config, { ...surroundings, spawner, log, shared }),
  })
}
