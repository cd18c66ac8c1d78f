// The floor of the latency part: a consumer that sends on what it gets, as soon as it has it, with no child and no
// commits. A record takes two trips through the broker, as with every agent; this adds the least that can lie between.
// This file is both the contender's entry and, when started itself, the contender.
import { once } from 'node:events'
import process from 'node:process'
import { Kafka, logLevel } from 'kafkajs'
import { kafkajsContender } from './kafkajs.ts'

export const kafkajsEcho = kafkajsContender('bare there and back', import.meta.filename, false)

async function main({ BROKER = '', IN = '', OUT = '', GROUP = '' }: NodeJS.ProcessEnv): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: [BROKER], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: GROUP, maxWaitTimeInMs: 1_000 })
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await Promise.all([consumer.connect(), producer.connect()])
  const sends = new Set<Promise<unknown>>()
  await consumer.subscribe({ topics: [IN], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      const messages = batch.messages.map(({ value }) => ({ value }))
      const send = producer.send({ topic: OUT, messages, acks: -1 }).finally(() => sends.delete(send))
      sends.add(send)
      return Promise.resolve()
    },
  })
  await once(process, 'SIGTERM')
  await Promise.all(sends)
  await consumer.disconnect()
  await producer.disconnect()
}

if (import.meta.main) await main(process.env)
