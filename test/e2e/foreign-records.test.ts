// Records that other clients wrote, in every compression and inside transactions, through the agent as it is shipped.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { CompressionTypes, type IHeaders, type Producer } from 'kafkajs'
import { noLag, startStream } from '../fixtures/e2e-stream.ts'
import { TestKafka, type TestRecord } from '../support/kafka.ts'
import { kcatProduce, withoutKcat } from '../support/kcat.ts'
import { Multiset, multiset, same } from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'

const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const RECORDS = 2_000

/** Text that compresses, with more than one byte for some of its letters. */
const line = (writer: string, i: number): string =>
  `{"writer":"${writer}","i":${i},"text":"größer ${'ab '.repeat(i % 50)}"}`

/** One record as a value, so that records can be compared as multisets. */
function whole({
  key = null,
  value,
  headers = {},
}: Pick<TestRecord, 'key' | 'value'> & { headers?: IHeaders }): Buffer {
  const plain = (bytes: unknown): string | null =>
    bytes === null || bytes === undefined ? null : Buffer.from(bytes as Buffer | string).toString('latin1')
  const named = Object.entries(headers).map(([name, values]) => [name, [values].flat().map(plain)] as const)
  return Buffer.from(JSON.stringify([plain(key), plain(value), named.sort(([a], [b]) => (a < b ? -1 : 1))]))
}

/** Writes with librdkafka, and gives what it wrote. */
async function fromKcat(kafka: TestKafka, topic: string): Promise<TestRecord[]> {
  const written: TestRecord[] = []
  for (const compression of compressions) {
    const keyed = Array.from({ length: RECORDS }, (_, i) => [`key ${i}`, line(`kcat ${compression}`, i)] as const)
    // -H says the same for all; a name alone has no value.
    const options = ['-z', compression, '-K', '|', '-H', `trace=ä ${compression}`, '-H', 'trace=b', '-H', 'none']
    await kcatProduce(kafka.broker, topic, options, keyed.map((pair) => pair.join('|')).join('\n'))
    const headers = { trace: [`ä ${compression}`, 'b'], none: null } as unknown as Record<string, string>
    written.push(...keyed.map(([key, value]) => ({ key, value, headers })))
    const plain = Array.from({ length: 50 }, (_, i) => line(`kcat ${compression} without a key`, i))
    await kcatProduce(kafka.broker, topic, ['-z', compression], plain.join('\n'))
    written.push(...plain.map((value) => ({ value })))
  }
  const inTransaction = Array.from({ length: 100 }, (_, i) => line('kcat in a transaction', i))
  const transaction = ['-z', 'zstd', '-X', `transactional.id=${kafka.topicName('tx')}`]
  await kcatProduce(kafka.broker, topic, transaction, inTransaction.join('\n'))
  return [...written, ...inTransaction.map((value) => ({ value }))]
}

/** Bytes of every kind but newlines, in values and keys; two headers of one name. */
const odd = (writer: string): TestRecord[] =>
  Array.from({ length: RECORDS }, (_, i) => {
    const byte = (i & 0xff) === 0x0a ? 0 : i & 0xff
    return {
      value: i % 100 === 7 ? '' : Buffer.concat([Buffer.from(line(writer, i)), Buffer.from([0xff, 0, byte, 0x0d])]),
      key: [null, '', Buffer.from([0, 10, 0xff, byte]), `key ${i}`][i % 4] ?? null,
      headers: { [`name ${i % 3}`]: `value ${i}`, twice: ['a', Buffer.from([0xff, byte])] },
    }
  })

/** A topic that the broker compresses itself, in Java, and what kafkajs wrote there. */
async function fromJava(kafka: TestKafka, compression: (typeof compressions)[number]): Promise<[string, TestRecord[]]> {
  const type = compression === 'none' ? 'uncompressed' : compression
  const topic = await kafka.createTopic(1, { config: { 'compression.type': type } })
  const records = odd(`java ${compression}`)
  await kafka.produce(topic, records)
  return [topic, records]
}

async function transactional(t: TestContext, kafka: TestKafka): Promise<Producer> {
  const transactionalId = kafka.topicName('tx')
  // As long as a test keeps one open.
  const transactionTimeout = 300_000
  const options = { transactionalId, transactionTimeout, maxInFlightRequests: 1, idempotent: true }
  const producer = kafka.kafka.producer(options)
  await producer.connect()
  t.after(() => producer.disconnect())
  return producer
}

/** Transactions of two producers and records of none, one through the other; every second transaction is aborted. */
async function fromTransactions(t: TestContext, kafka: TestKafka, topic: string): Promise<TestRecord[]> {
  const [one, two] = [await transactional(t, kafka), await transactional(t, kafka)]
  const kept: TestRecord[] = []
  const part = (writer: string): { key: string; value: string; headers: { of: string } }[] =>
    Array.from({ length: 100 }, (_, i) => ({ key: `${writer} ${i}`, value: line(writer, i), headers: { of: writer } }))
  for (let round = 0; round < 6; round++) {
    const [first, second] = [await one.transaction(), await two.transaction()]
    for (const half of ['begins', 'ends']) {
      const [yes, no, plain] = [
        part(`committed ${round} ${half}`),
        part(`aborted ${round} ${half}`),
        part(`plain ${half}`),
      ]
      const [keeps, drops] = round % 2 === 0 ? [first, second] : [second, first]
      await keeps.send({ topic, messages: yes, compression: CompressionTypes.GZIP })
      await drops.send({
        topic,
        messages: no,
        compression: half === 'ends' ? CompressionTypes.GZIP : CompressionTypes.None,
      })
      await kafka.produce(topic, plain)
      kept.push(...yes, ...plain)
    }
    await (round % 2 === 0 ? first.commit() : first.abort())
    await (round % 2 === 0 ? second.abort() : second.commit())
  }
  return kept
}

test(
  'every compression of other clients, keys, headers and transactions: what is committed comes out, as it is',
  { skip: withoutKcat, timeout: 300_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const byKcat = await kafka.createTopic(3)
    const transactions = await kafka.createTopic(1)
    const written = await fromKcat(kafka, byKcat)
    const byJava = await Promise.all(compressions.map((compression) => fromJava(kafka, compression)))
    written.push(...byJava.flatMap(([, records]) => records))
    written.push(...(await fromTransactions(t, kafka, transactions)))

    const inputs = [byKcat, transactions, ...byJava.map(([topic]) => topic)]
    const input = inputs.join(',')
    const [exact, relayed] = [await kafka.createTopic(3), await kafka.createTopic(3)]
    const [oneToOne, relay] = [kafka.groupId(), kafka.groupId()]
    const agents = [
      await startStream(t, kafka, {
        ...{ input, output: exact, group: oneToOne, calculator: ['cat'] },
        env: { PROTOCOL: 'one-to-one' },
      }),
      await startStream(t, kafka, {
        ...{ input, output: relayed, group: relay, calculator: ['cat'] },
        env: { CHECKPOINT_INTERVAL: '500ms' },
      }),
    ]
    const agreed = async (): Promise<void> => {
      const found = new Multiset()
      await kafka.eachRecord(exact, (record) => found.add(whole(record)))
      same(found, multiset(written.map((record) => whole(record as Parameters<typeof whole>[0]))))
      const values = new Multiset()
      await kafka.eachRecord(relayed, ({ value }) => values.add(value ?? Buffer.alloc(0)))
      same(values, multiset(written.map(({ value }) => Buffer.from(value ?? ''))))
    }
    for (const topic of inputs) for (const group of [oneToOne, relay]) await noLag(kafka, group, topic)
    await agreed()

    // A transaction that is still open holds up what lies behind it.
    const stable = (await kafka.endOffsets(transactions))[0]
    const open = await (await transactional(t, kafka)).transaction()
    await open.send({ topic: transactions, messages: [{ value: 'never committed' }] })
    await kafka.produce(transactions, [{ value: 'behind it' }])
    await kafka.produce(byKcat, [{ value: 'elsewhere' }])
    await Promise.all([
      kafka.waitForRecords(exact, written.length + 1),
      kafka.waitForRecords(relayed, written.length + 1),
    ])
    written.push({ value: 'elsewhere' })
    await agreed()
    for (const group of [oneToOne, relay]) {
      assert.deepEqual(await kafka.committed(group, transactions), [stable], 'nothing is committed beyond its begin')
    }
    await open.abort()
    written.push({ value: 'behind it' })
    await waitFor('what lies behind it', () => agreed().then(() => true), { every: 200 })
    for (const agent of agents) assert.equal(await agent.stop(), 0)
  },
)
