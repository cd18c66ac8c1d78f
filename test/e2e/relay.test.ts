// Every value through a Calculator, from topic to topic, by the agent as it is shipped: what comes out is what the same
// program prints when it gets the same lines from a file.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noLag, printedOffline, startStream, streamTopics, valuesOf } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { jsonStream, lines, multiset, same, sameMultiset, stream } from '../support/records.ts'

const RECORDS = 100_000

const python = `
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
`

/** mawk takes a NUL for the end of its line, and then spoils the next one too. */
function* withoutNul(): Generator<Buffer | null> {
  for (const value of stream(RECORDS, 2)) if (value?.includes(0) !== true) yield value
}

function* asRecords(values: Iterable<Buffer | null>): Generator<{ value: Buffer | null }> {
  for (const value of values) yield { value }
}

for (const [name, calculator, values, copies] of [
  ['cat', ['cat'], () => stream(RECORDS, 1), true],
  ['a flushing Python script', ['python3', '-c', python], () => stream(RECORDS, 1), true],
  ['mawk -W interactive', ['mawk', '-W', 'interactive', '{ print; fflush() }'], withoutNul, true],
  ['jq --unbuffered', ['jq', '--unbuffered', '-c', '.'], () => jsonStream(RECORDS, 3), false],
] as const) {
  test(`relay: ${RECORDS} records of every kind through ${name}`, { timeout: 600_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka, 3)
    await kafka.produce(input, asRecords(values()))
    const agent = await startStream(t, kafka, { input, output, group, calculator })
    await noLag(kafka, group, input, 480_000)
    const status = await agent.status()
    assert.equal(await agent.stop(), 0)
    const found = await valuesOf(kafka, output)
    same(found, copies ? multiset(values()) : await printedOffline(calculator, values()))
    assert.equal(status.streams[0]?.counters.recordsOut, found.size)
  })
}

interface Dataframe {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
  readonly data?: string
  readonly data_base64?: string
}

test('a dataframe gives back the bytes of every line', { timeout: 300_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka, 3)
  const values = [...stream(20_000, 4)]
  await kafka.produce(
    input,
    values.map((value) => ({ value })),
  )
  const agent = await startStream(t, kafka, {
    ...{ input, output, group, calculator: ['cat'] },
    env: { OUTPUT_FORMAT: '', INSTANCE_ID: 'one' },
  })
  await noLag(kafka, group, input)
  assert.equal(await agent.stop(), 0)
  const found: Buffer[] = []
  const ids = new Set<string>()
  await kafka.eachRecord(output, ({ value, headers }) => {
    const frame = JSON.parse(String(value)) as Dataframe
    assert.equal(String(headers['content-type']), 'application/cloudevents+json; charset=UTF-8')
    assert.equal(frame.specversion, '1.0')
    assert.equal(frame.type, 'pidpiper.record.v1')
    assert.match(frame.source, /^\/.*\/one$/)
    ids.add(frame.id)
    found.push(frame.data === undefined ? Buffer.from(frame.data_base64 ?? '', 'base64') : Buffer.from(frame.data))
  })
  sameMultiset(found, lines(values))
  assert.equal(ids.size, found.length)
})
