// The loop that one writes first: a batch to the child, its answers back, one send, one commit, then the next batch.
// This file is both the contender's entry and, when started itself, the contender.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Kafka, logLevel } from 'kafkajs'
import { kafkajsContender } from './kafkajs.ts'

export const kafkajsLoop = kafkajsContender('kafkajs-loop', import.meta.filename)

async function main({ BROKER = '', IN = '', OUT = '', GROUP = '' }: NodeJS.ProcessEnv): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: [BROKER], logLevel: logLevel.ERROR })
  // The wait is for its end: a consumer that leaves lets a fetch of nothing run out, by default 5 s.
  const consumer = kafka.consumer({ groupId: GROUP, maxWaitTimeInMs: 100 })
  const producer = kafka.producer()
  await Promise.all([consumer.connect(), producer.connect()])
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  await consumer.subscribe({ topics: [IN], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      child.stdin.write(batch.messages.map(({ value }) => `${String(value)}\n`).join(''))
      const messages: { value: string }[] = []
      while (messages.length < batch.messages.length) {
        const answer = await answers.next()
        if (answer.done === true) throw new Error('the child ended before it answered')
        messages.push({ value: answer.value })
      }
      await producer.send({ topic: OUT, messages, acks: -1 })
      const offset = String(Number(batch.lastOffset()) + 1)
      await consumer.commitOffsets([{ topic: IN, partition: batch.partition, offset }])
    },
  })

  await once(process, 'SIGTERM')
  await consumer.disconnect()
  await producer.disconnect()
  child.stdin.end()
}

if (import.meta.main) await main(process.env)
