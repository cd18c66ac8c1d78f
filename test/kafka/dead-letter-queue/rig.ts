// The commands as the binary runs them, in this process, on the real broker.
import type { TestContext } from 'node:test'
import { runDlq, type DlqWorld } from '../../../src/agent/dlq-command.ts'
import { parseDlq } from '../../../src/cli/dlq-arguments.ts'
import { thisMachine } from '../../../src/config/machine.ts'
import type { DeadLetter } from '../../../src/domain/stream/value-batch.ts'
import { KafkaDeadLetterSink } from '../../../src/kafka/dead-letter-sink.ts'
import { brokerAddress } from '../../support/kafka.ts'
import { clock, clusterFor, Lines } from '../rig.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function dlq(topic: string, words: readonly string[], over: Partial<DlqWorld> = {}): Promise<Ran> {
  const request = parseDlq(words)
  if (request === 'help' || 'problem' in request) throw new Error(`these words are none of dlq: ${words.join(' ')}`)
  const said = { stdout: '', stderr: '' }
  const code = await runDlq(request, {
    environment: { KAFKA_DSN: brokerAddress(), DEAD_LETTER_TOPIC: topic },
    machine: thisMachine,
    clock,
    signal: new AbortController().signal,
    out: (text) => {
      said.stdout += typeof text === 'string' ? text : Buffer.from(text).toString('latin1')
      return Promise.resolve()
    },
    err: (text) => void (said.stderr += text),
    colors: false,
    terminal: false,
    ask: null,
    ...over,
  })
  return { code, ...said }
}

/** Written by the sink that the agent writes them with. */
export async function writeLetters(t: TestContext, topic: string, letters: readonly DeadLetter[]): Promise<void> {
  const { log } = new Lines()
  const sink = new KafkaDeadLetterSink({ cluster: clusterFor(new Lines()), topic, compression: 'none', clock, log })
  t.after(() => sink.close())
  await sink.write(letters)
}

/** As the engine has it for an input record that it refuses. */
export const inputLetter = (source: string, offset: number, over: Partial<DeadLetter> = {}): DeadLetter => ({
  key: Buffer.from(`key ${offset}`),
  value: Buffer.from(`first\nrecord ${offset}`),
  headers: [
    ['trace', Buffer.from(`${offset}`)],
    ['empty', null],
  ],
  reason: 'raw-newline',
  facts: { topic: source, partition: '1', offset: String(offset), timestamp: String(1_790_000_000_000 + offset) },
  ...over,
})
