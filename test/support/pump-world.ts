// An output before sinks that store only when the test says so.
import type { LineBatch } from '../../src/domain/stream/line-batch.ts'
import type { DeadLetter, Refusal, ValueBatch } from '../../src/domain/stream/value-batch.ts'
import { OutputEncoding } from '../../src/engine/stream/output-encoding.ts'
import { OutputPump } from '../../src/engine/stream/output-pump.ts'
import type { DeadLetterSink, RecordSink } from '../../src/engine/ports.ts'
import { FakeClock } from './fake-clock.ts'
import { rawOutput } from './quiet-stream.ts'
import { batchOf } from './stream-world.ts'

const textOf = (batch: ValueBatch): string[] =>
  Array.from({ length: batch.count }, (_, i) =>
    Buffer.from(batch.bytes.subarray(batch.starts[i], batch.ends[i])).toString(),
  )

/** Writes that the test answers, in any order. */
export class HeldSink implements RecordSink {
  readonly writes: { readonly values: string[]; readonly ack: PromiseWithResolvers<readonly Refusal[]> }[] = []

  partitions(): Promise<number> {
    return Promise.resolve(1)
  }

  write(batch: ValueBatch): Promise<readonly Refusal[]> {
    const ack = Promise.withResolvers<readonly Refusal[]>()
    this.writes.push({ values: textOf(batch), ack })
    return ack.promise
  }

  health(): { lastAckAt: null; error: null } {
    return { lastAckAt: null, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export class HeldLetters implements DeadLetterSink {
  readonly stored: DeadLetter[] = []
  held: PromiseWithResolvers<undefined> | null = null

  async write(letters: readonly DeadLetter[]): Promise<void> {
    await this.held?.promise
    this.stored.push(...letters)
  }

  health(): { lastAckAt: null; error: null } {
    return { lastAckAt: null, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export const values = ({ writes }: HeldSink): string[][] => writes.map((write) => write.values)

export function pumpWorld() {
  const clock = new FakeClock()
  const sink = new HeldSink()
  const letters = new HeldLetters()
  const told: string[] = []
  const landed: string[] = []
  /** What had landed whenever sinks were exchanged under what was under way. */
  const exchanges: string[] = []
  const ranges = (answers: readonly { from: number; to: number }[]): string =>
    answers.map(({ from, to }) => `${from}-${to}`).join()
  const encoding = new OutputEncoding(rawOutput, clock)
  const pump = new OutputPump(
    { clock, bufferBytes: 1 << 20 },
    { sink, letters, encoding },
    {
      skipped: () => undefined,
      done: (records) => void told.push(`answered ${ranges(records)}`),
      written: (records) => void told.push(`written ${records}`),
      landed: ({ bytes }) => void landed.push(Buffer.from(bytes).toString().trim()),
      exchanged: () => void exchanges.push(landed.join()),
      deadLettered: (list) => void told.push(`letters ${list.length}`),
      relieved: () => undefined,
      abandoned: (records) => void told.push(`abandoned ${ranges(records)}`),
      failed: (error) => void told.push(`failed ${String(error)}`),
    },
  )
  const batch: LineBatch = batchOf(
    { topic: 'in', partition: 0 },
    1,
    0,
    Array.from({ length: 100 }, (_, i) => `v${i}`),
  )
  let sequence = 0
  /** One line per record [from, to). */
  const push = (from: number, to: number): void => {
    const lines = batchOf(
      batch,
      1,
      0,
      Array.from({ length: to - from }, (_, i) => `a${from + i}`),
    )
    const attributions = [{ batch, orphan: false, count: to - from, from, mapped: null }]
    pump.push({ lines, attributions, done: [{ batch, from, to, orphan: false }], incarnation: 1, sequence })
    sequence += to - from
  }
  const letter = (from: number): void => {
    const dead = { key: null, value: Buffer.from('x'), headers: [], reason: 'oversized-line', facts: {} }
    pump.push({ letter: dead, done: [{ batch, from, to: from + 1, orphan: false }] })
  }
  const answersTold = (): string[] => told.filter((line) => line.startsWith('answered'))
  return { pump, sink, letters, encoding, told, landed, exchanges, push, letter, answersTold }
}
