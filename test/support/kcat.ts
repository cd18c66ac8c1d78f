// librdkafka's command line: a client that shares no code with ours, nor with kafkajs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { isInPath } from '../testbed/tools.ts'

/** For a test's `skip`. */
export const withoutKcat: string | false = isInPath('kcat') ? false : 'needs kcat: apt-get install kcat'

/** Writes the lines of `input` as records; `options` besides broker and topic. Rejects unless all are stored. */
export async function kcatProduce(
  broker: string,
  topic: string,
  options: readonly string[],
  input: string | Readable,
): Promise<void> {
  const child = spawn('kcat', ['-b', broker, '-q', '-P', '-t', topic, ...options], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  if (typeof input === 'string') child.stdin.end(input)
  else input.pipe(child.stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`cannot write to ${topic}: kcat ended with ${code ?? 'a signal'}`)
}
