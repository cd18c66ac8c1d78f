// Fills an input topic: by kcat where there is one, which is several times as fast as kafkajs, and knows lz4.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isInPath } from '../test/testbed/tools.ts'
import type { Workload } from './contender.ts'
import { record } from './records.ts'
import type { Topics } from './topics.ts'

const PER_WRITE = 1_000
/** kafkajs's optimum. */
const PER_SEND = 500

/** Records 0 to `records` - 1; the next one always goes to the next partition. Throws where lz4 needs kcat. */
export async function fill(topics: Topics, topic: string, workload: Workload, records: number): Promise<void> {
  const byKcat = isInPath('kcat')
  if (!byKcat && workload.compression !== 'none') throw new Error('an lz4 topic is filled by kcat, which is missing')
  for (let partition = 0; partition < workload.partitions; partition++) {
    const values = share(workload, records, partition)
    await (byKcat ? pipe(topics.broker, topic, partition, workload, values) : send(topics, topic, partition, values))
  }
}

function* share({ bytes, partitions }: Workload, records: number, partition: number): Generator<string> {
  for (let index = partition; index < records; index += partitions) yield record(index, bytes)
}

async function pipe(
  broker: string,
  topic: string,
  partition: number,
  { compression }: Workload,
  values: Iterable<string>,
): Promise<void> {
  const settings = ['acks=all', 'linger.ms=20', 'queue.buffering.max.messages=200000']
  const words = ['-P', '-b', broker, '-t', topic, '-p', String(partition), '-z', compression]
  const child = spawn('kcat', [...words, ...settings.flatMap((setting) => ['-X', setting])], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  // That it ended early is told by its exit code.
  child.stdin.on('error', () => undefined)
  for (const lines of chunks(values, PER_WRITE)) {
    if (!child.stdin.write(`${lines.join('\n')}\n`)) await Promise.race([once(child.stdin, 'drain'), ended])
  }
  child.stdin.end()
  const [code] = await ended
  if (code !== 0) throw new Error(`kcat could not fill ${topic}: exit code ${code ?? 'none'}; its words are above`)
}

async function send(topics: Topics, topic: string, partition: number, values: Iterable<string>): Promise<void> {
  const producer = topics.kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  for (const lines of chunks(values, PER_SEND)) {
    await producer.send({ topic, messages: lines.map((value) => ({ value, partition })), acks: -1 })
  }
  await producer.disconnect()
}

function* chunks(values: Iterable<string>, size: number): Generator<string[]> {
  let chunk: string[] = []
  for (const value of values) {
    if (chunk.push(value) < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
