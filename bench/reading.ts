// Reads an output topic back: by kcat where there is one, so that another client than ours or kafkajs is the judge.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isInPath } from '../test/testbed/tools.ts'
import type { Topics } from './topics.ts'

/** Calls `visit` with every value the topic holds at this moment; values have no newline and no null inside. */
export const readAll = (topics: Topics, topic: string, visit: (value: string) => void): Promise<void> =>
  isInPath('kcat') ? readByKcat(topics.broker, topic, visit) : readByKafkajs(topics, topic, visit)

async function readByKcat(broker: string, topic: string, visit: (value: string) => void): Promise<void> {
  const words = ['-C', '-q', '-e', '-o', 'beginning', '-X', 'fetch.wait.max.ms=10', '-b', broker, '-t', topic]
  const child = spawn('kcat', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit') as Promise<[number | null]>
  let rest = ''
  for await (const chunk of child.stdout.setEncoding('latin1') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) visit(line)
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`kcat could not read ${topic}: exit code ${code ?? 'none'}; its words are above`)
}

async function readByKafkajs(topics: Topics, topic: string, visit: (value: string) => void): Promise<void> {
  const ends = new Map([...(await topics.ends(topic)).entries()].filter(([, end]) => end > 0))
  if (ends.size === 0) return
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const consumer = topics.kafka.consumer({ groupId: topics.group(), maxWaitTimeInMs: 100 })
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        // A value that cannot be read is the reader's news, not a reason for kafkajs to try again.
        try {
          for (const { value } of batch.messages) visit(value?.toString('latin1') ?? '')
        } catch (error) {
          reject(error)
        }
        if (Number(batch.lastOffset()) + 1 >= (ends.get(batch.partition) ?? 0)) ends.delete(batch.partition)
        if (ends.size === 0) resolve(undefined)
        return Promise.resolve()
      },
    })
    await promise
  } finally {
    await consumer.disconnect()
  }
}
