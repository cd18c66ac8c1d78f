// What kafkajs gives when one knows it: fetching, the child and sending overlap; 500 records per send, its optimum;
// no object per line before the send; commits once a second, of what is acknowledged without a gap.
// This file is both the contender's entry and, when started itself, the contender.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { Kafka, logLevel, type Message } from 'kafkajs'
import { kafkajsContender } from './kafkajs.ts'

export const kafkajsTuned = kafkajsContender('kafkajs-tuned', import.meta.filename)

const PER_SEND = 500
const SENDS_IN_FLIGHT = 5
/** Lines handed over and not acknowledged; more would only fill memory. */
const LINES_IN_FLIGHT = 40_000
const NEWLINE = Buffer.from('\n')
const NOTHING = Buffer.alloc(0)

async function main({ BROKER = '', IN = '', OUT = '', GROUP = '' }: NodeJS.ProcessEnv): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: [BROKER], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: GROUP, maxWaitTimeInMs: 100 })
  const producer = kafka.producer()
  await Promise.all([consumer.connect(), producer.connect()])
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })

  // Line k answers record k of the one partition, whose offsets have no gap: a count of lines is an offset.
  let fed = 0
  let taken = 0
  const acknowledged = new Map<number, number>()
  let settled = 0
  let roomAgain = Promise.withResolvers<undefined>()
  const pending: Message[] = []
  let sending = 0
  let flushAt: NodeJS.Immediate | null = null

  const send = (): void => {
    flushAt = null
    while (sending < SENDS_IN_FLIGHT && pending.length > 0) {
      const messages = pending.splice(0, PER_SEND)
      const first = taken
      taken += messages.length
      sending++
      void producer.send({ topic: OUT, messages, acks: -1 }).then(() => {
        sending--
        acknowledged.set(first, first + messages.length)
        for (let next = acknowledged.get(settled); next !== undefined; next = acknowledged.get(settled)) {
          acknowledged.delete(settled)
          settled = next
        }
        roomAgain.resolve(undefined)
        roomAgain = Promise.withResolvers<undefined>()
        child.stdout.resume()
        send()
      })
    }
    if (pending.length > PER_SEND * SENDS_IN_FLIGHT) child.stdout.pause()
  }

  let rest: Buffer = NOTHING
  child.stdout.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      pending.push({ value: bytes.subarray(start, end) })
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (pending.length >= PER_SEND) send()
    else flushAt ??= setImmediate(send)
  })

  const commit = (): Promise<void> => consumer.commitOffsets([{ topic: IN, partition: 0, offset: String(settled) }])
  await consumer.subscribe({ topics: [IN], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch: { messages } }) => {
      fed += messages.length
      if (!child.stdin.write(Buffer.concat(messages.flatMap(({ value }) => [value ?? NOTHING, NEWLINE]))))
        await once(child.stdin, 'drain')
      while (fed - settled > LINES_IN_FLIGHT) await roomAgain.promise
    },
  })
  const committing = setInterval(() => void commit(), 1_000)

  await once(process, 'SIGTERM')
  clearInterval(committing)
  while (settled < fed) await roomAgain.promise
  await commit()
  await consumer.disconnect()
  await producer.disconnect()
  child.stdin.end()
}

if (import.meta.main) await main(process.env)
