// PROTOCOL=one-to-one: line k answers record k, so order, keys, headers and commits are exact.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Partitioners } from 'kafkajs'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { digest, stream } from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 100_000

test(`${RECORDS} records keep their order within each partition`, { timeout: 600_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka, 3)
  const expected: string[][] = [[], [], []]
  let tombstones = 0
  function* records(): Generator<{ value: Buffer | null; partition: number }> {
    let partition = 0
    for (const value of stream(RECORDS, 5)) {
      partition = (partition + 1) % 3
      if (value === null) tombstones++
      else expected[partition]?.push(digest(value))
      yield { value, partition }
    }
  }
  await kafka.produce(input, records())
  const env = { PROTOCOL: 'one-to-one' }
  const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
  await noLag(kafka, group, input, 240_000)
  const { streams } = await agent.status()
  assert.equal(await agent.stop(), 0)
  const found: string[][] = [[], [], []]
  await kafka.eachRecord(output, ({ partition, value }) => found[partition]?.push(digest(value ?? Buffer.alloc(0))))
  for (const partition of [0, 1, 2]) {
    const wrong = expected[partition]?.findIndex((value, i) => value !== found[partition]?.[i])
    assert.equal(wrong, -1, `partition ${partition} differs at line ${String(wrong)}`)
    assert.equal(found[partition]?.length, expected[partition]?.length)
  }
  assert.equal(streams[0]?.counters.tombstones, tombstones)
})

test('key, headers and timestamp go from each record to its answer', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const input = await kafka.createTopic(2)
  const output = await kafka.createTopic(5)
  const group = kafka.groupId()
  const records = Array.from({ length: 1000 }, (_, i) => ({
    value: `value ${i}`,
    key: i % 3 === 0 ? null : Buffer.from([i & 0xff, i >> 8, 0xff, i % 7]),
    headers: { traceparent: `00-${i}`, twice: ['a', Buffer.from([0xff, i & 0xff])], 'Content-Type': 'text/odd' },
    partition: i % 2,
    timestamp: 1_700_000_000_000 + i,
  }))
  await kafka.produce(input, records)
  const env = { PROTOCOL: 'one-to-one', OUTPUT_FORMAT: 'dataframe', INSTANCE_ID: 'here' }
  const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
  await noLag(kafka, group, input)
  assert.equal(await agent.stop(), 0)
  const choose = Partitioners.DefaultPartitioner()
  const partitionMetadata = [0, 1, 2, 3, 4].map((partitionId) => ({
    ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] },
  }))
  const answers = await kafka.readTopic(output)
  assert.equal(answers.length, records.length)
  const last = new Map<string, number>()
  for (const { partition, key, value, headers, timestamp } of answers) {
    const frame = JSON.parse(String(value)) as { id: string; data: string; time: string }
    const i = Number(frame.data.slice('value '.length))
    const record = records[i]
    assert.ok(record)
    assert.deepEqual(key, record.key)
    const byKey = choose({ topic: output, partitionMetadata, message: { key: record.key, value: '' } })
    assert.equal(partition, record.key === null ? record.partition : byKey, `the partition of record ${i}`)
    assert.equal(timestamp, record.timestamp)
    assert.equal(frame.time, new Date(record.timestamp).toISOString())
    assert.equal(frame.id, `${input}-${record.partition}-${i >> 1}`)
    assert.deepEqual(headers, {
      traceparent: Buffer.from(`00-${i}`),
      twice: [Buffer.from('a'), Buffer.from([0xff, i & 0xff])],
      'content-type': Buffer.from('application/cloudevents+json; charset=UTF-8'),
    })
    const lane = `${record.partition} ${partition}`
    assert.ok((last.get(lane) ?? -1) < i, 'records of one partition arrive in their order')
    last.set(lane, i)
  }
})

for (const format of ['raw', 'dataframe']) {
  test(
    `W3C trace context goes from each record to its answer, with ${format} output`,
    { timeout: 180_000 },
    async (t) => {
      const kafka = new TestKafka(t)
      const { input, output, group } = await streamTopics(kafka)
      const hex = (i: number, length: number): string => (i + 1).toString(16).padStart(length, '0')
      const contexts = Array.from({ length: 200 }, (_, i) => ({
        traceparent: `00-${hex(i, 32)}-${hex(i, 16)}-0${i % 2}`,
        // Not every record is traced by somebody who has a state of its own.
        ...(i % 3 === 0 && { tracestate: [`vendor=${i}`, 'other=t61rcWkgMzE'] }),
      }))
      await kafka.produce(
        input,
        contexts.map((headers, i) => ({ value: `${i}`, headers: i % 10 === 9 ? {} : headers })),
      )
      const env = { PROTOCOL: 'one-to-one', OUTPUT_FORMAT: format }
      const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
      await noLag(kafka, group, input)
      assert.equal(await agent.stop(), 0)
      const found = (await kafka.readTopic(output)).map(({ headers }) => {
        const { traceparent, tracestate } = headers
        return [String(traceparent), [tracestate ?? []].flat().map(String)]
      })
      const expected = contexts.map(({ traceparent, tracestate = [] }, i) =>
        i % 10 === 9 ? ['undefined', []] : [traceparent, tracestate],
      )
      assert.deepEqual(found, expected)
    },
  )
}

for (const [rule, kept] of [
  ['record', 6],
  ['drop', 3],
] as const) {
  test(`EMPTY_ANSWER=${rule}: every second answer is empty, all is committed`, { timeout: 180_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const values = ['one', '', 'two', null, '', 'three', '', null]
    await kafka.produce(
      input,
      values.map((value) => ({ value, key: `key of ${String(value)}` })),
    )
    const env = { PROTOCOL: 'one-to-one', EMPTY_ANSWER: rule }
    const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
    await noLag(kafka, group, input)
    assert.equal(await agent.stop(), 0)
    const answers = (await kafka.readTopic(output)).map(({ key, value }) => [String(key), String(value)])
    const lines = values.filter((value) => value !== null && (rule === 'record' || value !== ''))
    assert.deepEqual(
      answers,
      lines.map((value) => [`key of ${String(value)}`, value]),
    )
    assert.equal(answers.length, kept)
  })
}

// Reads everything, answers the first 700 lines, then keeps still with 300 unanswered.
const silent = `
import sys
lines = [sys.stdin.readline() for _ in range(1000)]
for line in lines[:700]:
    sys.stdout.write(line)
sys.stdout.flush()
sys.stdin.readline()
`

test(
  'exactly what is answered is committed, and a killed Calculator gets the rest again',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    await kafka.produce(
      input,
      Array.from({ length: 1000 }, (_, i) => ({ value: `${i}` })),
    )
    const env = { PROTOCOL: 'one-to-one' }
    const agent = await startStream(t, kafka, { input, output, group, calculator: ['python3', '-c', silent], env })
    await waitFor('700 answers', async () => (await kafka.committed(group, input))[0] === 700)
    const { streams } = await agent.waitForStatus('300 in flight', (status) => status.streams[0]?.inFlight === 300)
    assert.equal(streams[0]?.input.lag, 0, 'all is fetched')
    assert.equal(await kafka.lag(group, input), 300)
    await agent.killCalculator()
    await agent.waitForEvent('stream.replay')
    await agent.waitForStatus('300 in flight again', (status) => status.streams[0]?.inFlight === 300)
    // This incarnation gets 300 lines and waits for 700 more, so it answers them when its input ends.
    assert.equal(await agent.stop(), 0)
    assert.deepEqual(
      (await kafka.readTopic(output)).map(({ value }) => Number(value)),
      Array.from({ length: 1000 }, (_, i) => i),
    )
    assert.equal(await kafka.lag(group, input), 0)
  },
)
