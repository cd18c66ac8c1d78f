// The record-batch codec against bytes that the real broker stored: from librdkafka (kcat), from the broker's own
// recompression (Java), from kafkajs's transactions; and the broker's and librdkafka's judgement of ours.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { ValueBatch } from '../../src/domain/stream/value-batch.ts'
import { compressions } from '../../src/wire/record-batch/compression.ts'
import { RecordsReader } from '../../src/wire/record-batch/records-reader.ts'
import { RecordsWriter } from '../../src/wire/record-batch/records-writer.ts'
import { brokerAddress, TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { isInPath } from '../testbed/tools.ts'
import { NO_PRODUCER, type PlainRecord, plainRecords } from '../wire/record-batch/records.ts'
import { fetchRecords, produceRecords } from './raw-broker.ts'

const withoutKcat = isInPath('kcat') ? false : 'needs kcat: apt-get install kcat'

async function kcat(args: readonly string[], input = ''): Promise<string> {
  const child = spawn('kcat', ['-b', brokerAddress(), '-q', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  const [output, code] = await Promise.all([text(child.stdout), new Promise((resolve) => child.once('close', resolve))])
  assert.equal(code, 0)
  return output
}

interface Read {
  readonly records: PlainRecord[]
  readonly tombstones: number
  readonly fetches: number
  /** Compressions that were met. */
  readonly codecs: Set<string>
}

/** Everything of partition 0, by as many fetches of `maxBytes` as that takes. */
async function readTopic(
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
  maxBytes?: number,
): Promise<Read> {
  const records: PlainRecord[] = []
  const codecs = new Set<string>()
  let tombstones = 0
  let fetches = 0
  for (let offset = 0; ;) {
    const { records: bytes, aborted, end } = await fetchRecords(topic, offset, isolation, maxBytes)
    if (offset === end) return { records, tombstones, fetches, codecs }
    const reader = new RecordsReader(bytes, {
      ...{ topic, partition: 0, epoch: 1, fetchOffset: offset, aborted, maxBatchBytes: 8 << 20 },
    })
    assert.equal(reader.bytesNeeded, 0)
    codecs.add(compressions[bytes.readInt16BE(21) & 7] ?? '?')
    for (let piece = await reader.next(10_000); piece !== null; piece = await reader.next(10_000)) {
      assert.equal(piece.firstOffset, offset)
      offset = piece.nextOffset
      records.push(...plainRecords(piece))
      tombstones += piece.tombstones
    }
    assert.equal(offset, reader.nextOffset)
    fetches++
  }
}

const lines = Array.from({ length: 3000 }, (_, i) => `{"sensor":"s-${i % 7}","value":${i * 0.37},"text":"größer ${i}"}`)
const latin1 = (line: string): string => Buffer.from(line).toString('latin1')

for (const compression of compressions) {
  test(`${compression} of librdkafka is read, with keys, headers and tombstones`, { skip: withoutKcat }, async (t) => {
    const topic = await new TestKafka(t).createTopic()
    const keyed = lines.map((line, i) => (i % 100 === 9 ? `key ${i}|` : `key ${i}|${line}`)).join('\n')
    const options = [
      '-z',
      compression,
      '-K',
      '|',
      '-Z',
      '-H',
      'trace=ä b',
      '-H',
      'none',
      '-X',
      'batch.num.messages=700',
    ]
    await kcat(['-P', '-t', topic, ...options], keyed)
    await kcat(['-P', '-t', topic, '-z', compression, '-X', 'linger.ms=50'], 'plain')
    const read = await readTopic(topic, 'read_committed', 20_000)
    assert.deepEqual(
      read.records.map(({ offset, key, value, headers }) => ({ offset, key, value, headers })),
      [
        ...lines.flatMap(
          (line, i) =>
          i % 100 === 9
            ? []
            : [{ offset: i, key: `key ${i}`, value: latin1(line), headers: [['trace', latin1('ä b')], ['none', null]] }], // prettier-ignore
        ),
        { offset: 3000, key: null, value: 'plain', headers: [] },
      ],
    )
    assert.equal(read.tombstones, 30)
    assert.ok(read.codecs.has(compression))
    assert.ok(read.fetches >= 2)
    assert.ok(read.records.every(({ timestamp }) => Math.abs(timestamp - Date.now()) < 600_000))
  })

  test(
    `${compression}: what is written here the broker takes and librdkafka reads`,
    { skip: withoutKcat },
    async (t) => {
      const topic = await new TestKafka(t).createTopic()
      const bytes = Buffer.from(lines.join(''))
      let end = 0
      const ends = Uint32Array.from(lines, (line) => (end += Buffer.byteLength(line)))
      const starts = Uint32Array.from(ends, (_, i) => ends[i - 1] ?? 0)
      const uniform = { headers: [['trace', Buffer.from('ä b')], ['none', null]] as const, timestamp: Date.now() } // prettier-ignore
      const context = { uniform, key: () => null, headers: () => uniform.headers, timestamp: () => uniform.timestamp }
      const values: ValueBatch = { partition: 0, count: lines.length, bytes, starts, ends, context }
      const stamp = { ...NO_PRODUCER, transactional: false, compression }
      const sizes: number[] = []
      for (let from = 0; from < lines.length; from += 1000) {
        const writer = new RecordsWriter()
        writer.add(values, from, from + 1000)
        const batch = await writer.encode(stamp)
        assert.equal(await produceRecords(topic, batch), from)
        sizes.push(batch.length)
      }
      const letter = new RecordsWriter()
      letter.addRecord({ key: Buffer.from('k'), value: null, headers: [], timestamp: Date.now() })
      assert.equal(await produceRecords(topic, await letter.encode(stamp)), lines.length)
      assert.ok(sizes.length > 2)
      assert.ok(
        sizes.every((size) => (compression === 'none' ? size > 60_000 || size === sizes.at(-1) : size < 60_000)),
      )
      const expected = lines.map((line, i) => `${i} key= headers=trace=ä b,none=NULL value=${line}\n`)
      const read = await kcat(['-C', '-t', topic, '-e', '-Z', '-f', '%o key=%k headers=%h value=%s\n'])
      assert.equal(
        read.replaceAll('key=NULL', 'key='),
        `${expected.join('')}${lines.length} key=k headers= value=NULL\n`,
      )
    },
  )

  test(`${compression} of the broker itself is read`, async (t) => {
    const topic = await new TestKafka(t).createTopic(1, {
      config: {
        'compression.type': compression === 'none' ? 'uncompressed' : compression,
        'message.timestamp.type': 'LogAppendTime',
      },
    })
    const before = Date.now() - 5000
    // The broker only writes a batch anew when it has another compression.
    const given = compression === 'lz4' ? 'gzip' : 'lz4'
    for (let from = 0; from < lines.length; from += 1000) {
      const writer = new RecordsWriter()
      for (const line of lines.slice(from, from + 1000)) {
        writer.addRecord({ key: null, value: Buffer.from(line), headers: [], timestamp: 1000 })
      }
      await produceRecords(topic, await writer.encode({ ...NO_PRODUCER, transactional: false, compression: given }))
    }
    const read = await readTopic(topic)
    assert.deepEqual([...read.codecs], [compression])
    assert.deepEqual(read.records.map(({ value }) => value), lines.map(latin1)) // prettier-ignore
    assert.ok(read.records.every(({ timestamp }) => timestamp > before))
  })
}

test('aborted transactions are left out, those of other producers around them stay', async (t) => {
  const kafka = new TestKafka(t)
  const topic = await kafka.createTopic()
  const open = async (): Promise<ReturnType<typeof kafka.kafka.producer>> => {
    const producer = kafka.kafka.producer({
      transactionalId: kafka.topicName('tx'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    t.after(() => producer.disconnect())
    return producer
  }
  const [one, two] = await Promise.all([open(), open()])
  await kafka.produce(topic, [{ value: 'first' }])
  const aborted = await one.transaction()
  await aborted.send({ topic, messages: [{ value: 'no 1' }, { value: 'no 2' }] })
  const committed = await two.transaction()
  await committed.send({ topic, messages: [{ value: 'yes 1' }] })
  await kafka.produce(topic, [{ value: 'between' }])
  await aborted.send({ topic, messages: [{ value: 'no 3' }] })
  await aborted.abort()
  await committed.send({ topic, messages: [{ value: 'yes 2' }] })
  await committed.commit()
  const again = await one.transaction()
  await again.send({ topic, messages: [{ value: 'yes 3' }] })
  await again.commit()
  // A commit is answered before its markers are in the log; until then the transaction is open.
  await waitFor('the end of all transactions', async () => {
    const committedEnd = (await fetchRecords(topic, 0, 'read_committed')).end
    return committedEnd === (await fetchRecords(topic, 0, 'read_uncommitted')).end
  })
  const valuesOf = async (isolation: 'read_committed' | 'read_uncommitted', maxBytes?: number): Promise<string[]> =>
    (await readTopic(topic, isolation, maxBytes)).records.map(({ value }) => value)
  const yes = ['first', 'yes 1', 'between', 'yes 2', 'yes 3']
  assert.deepEqual(await valuesOf('read_committed'), yes)
  assert.deepEqual(await valuesOf('read_committed', 1), yes)
  const all = ['first', 'no 1', 'no 2', 'yes 1', 'between', 'no 3', 'yes 2', 'yes 3']
  assert.deepEqual(await valuesOf('read_uncommitted'), all)
})
