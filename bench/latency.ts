// How long one record is on its way at 500 records a second: from before it is sent until a consumer sees its answer in
// the output topic. Bare one way is a producer and a consumer of one topic, with nothing between them.
import { setTimeout as pause } from 'node:timers/promises'
import type { Contender, Workload } from './contender.ts'
import { record } from './records.ts'
import { Running } from './running.ts'
import { percentiles, type Percentiles } from './statistics.ts'
import type { Topics } from './topics.ts'

const PER_SECOND = 500
/** Compilers and connections warm up: what is sent meanwhile does not count. */
const WARM_UP_RECORDS = 1_500
const PATIENCE_MS = 30_000
const workload: Workload = { bytes: 100, partitions: 1, compression: 'none' }

export interface Latency {
  readonly name: string
  /** Ms. */
  readonly latency: Percentiles | null
}

/** Null contender: what is produced is consumed from the same topic. */
export async function measureLatency(
  contender: Contender | null,
  topics: Topics,
  seconds: number,
  signal: AbortSignal,
): Promise<Latency> {
  const name = contender?.name ?? 'bare one way'
  const input = await topics.create('latency', 1)
  const streams = await topics.streams(input, workload)
  const running = contender && new Running(contender.command(streams))
  const producer = topics.kafka.producer({ allowAutoTopicCreation: false })
  const consumer = topics.kafka.consumer({ groupId: topics.group(), maxWaitTimeInMs: 1_000 })
  const total = WARM_UP_RECORDS + seconds * PER_SECOND
  const sentAt = new Float64Array(total)
  const took = new Float64Array(total)
  let arrived = 0
  try {
    await Promise.all([producer.connect(), consumer.connect()])
    await consumer.subscribe({ topics: [contender ? streams.output : input], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        const now = performance.now()
        for (const { value } of batch.messages) {
          const index = Number(value?.toString('latin1', 7, 16))
          if (took[index] === 0) {
            took[index] = now - (sentAt[index] ?? now)
            arrived++
          }
        }
        return Promise.resolve()
      },
    })
    const send = async (index: number): Promise<void> => {
      sentAt[index] = performance.now()
      await producer.send({ topic: input, messages: [{ value: record(index, workload.bytes) }], acks: -1 })
    }
    const allArrived = async (count: number): Promise<void> => {
      const patience = AbortSignal.timeout(PATIENCE_MS)
      while (arrived < count) {
        signal.throwIfAborted()
        if (patience.aborted || (running?.ended ?? null) !== null) {
          throw new Error(`${arrived} of ${count} records came back: ${running?.stderr ?? ''}`)
        }
        await pause(5)
      }
    }
    // Everything has joined and is connected before the pace begins.
    await send(0)
    await allArrived(1)
    await paced(1, total, send, signal)
    await allArrived(total)
    return { name, latency: percentiles([...took.subarray(WARM_UP_RECORDS)]) }
  } finally {
    await running?.stop('SIGTERM')
    await producer.disconnect()
    await consumer.disconnect()
  }
}

/** Sends without waiting for the one before, each at its instant. */
async function paced(
  from: number,
  to: number,
  send: (index: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const start = performance.now()
  const sends: Promise<void>[] = []
  for (let next = from; next < to;) {
    signal.throwIfAborted()
    const due = Math.min(to - from, Math.floor(((performance.now() - start) / 1000) * PER_SECOND))
    for (; next - from < due; next++) sends.push(send(next))
    await pause(1)
  }
  await Promise.all(sends)
}
