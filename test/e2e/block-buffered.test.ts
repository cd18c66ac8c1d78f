// A Calculator that never flushes (tr: 4,096 bytes at a time) is recognised by the first chunk that ends within a line.
// docs/delivery.md says what can be known of it before, and these tests hold it to that.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { nothingMissing, sameMultiset } from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'

const calculator = ['tr', 'a-z', 'A-Z'] as const
const BUFFER = 4096
// Whoever drains what cannot come out takes a minute for it.
const env = { CHECKPOINT_INTERVAL: '1s', ADOPTION_GRACEPERIOD: '1m' }

const valuesOf = (from: number, to: number, size: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `value ${from + i} `.padEnd(size, 'x'))
const upper = (values: readonly string[]): Buffer[] => values.map((value) => Buffer.from(value.toUpperCase()))
const records = (values: readonly string[]): { value: string }[] => values.map((value) => ({ value }))
const outputOf = async (kafka: TestKafka, topic: string): Promise<Buffer[]> =>
  (await kafka.readTopic(topic)).map(({ value }) => value ?? Buffer.alloc(0))

/** For `ms`: what is committed is not more than what came out. */
async function holdsBack(kafka: TestKafka, group: string, input: string, output: string, ms: number): Promise<void> {
  const end = performance.now() + ms
  do {
    // In this order: what came out can only grow meanwhile.
    const [committed = null] = await kafka.committed(group, input)
    const [printed = 0] = await kafka.endOffsets(output)
    assert.ok((committed ?? 0) <= printed, `${committed ?? 0} committed, ${printed} lines came out`)
    await pause(50)
  } while (performance.now() < end)
}

const recognised = async (agent: TestAgent): Promise<void> => {
  const { level, msg } = await agent.waitForEvent('stream.block-buffered')
  assert.equal(level, 'warn')
  assert.match(msg ?? '', /block-buffered.*flush.*stdbuf -oL/)
  await agent.waitForStatus('blockBuffered', ({ streams }) => streams[0]?.blockBuffered === true)
}

for (const size of [98, 99]) {
  test(
    `1,000 values of ${size} bytes: recognised, not committed, all there at the end`,
    { timeout: 180_000 },
    async (t) => {
      const kafka = new TestKafka(t)
      const { input, output, group } = await streamTopics(kafka)
      const values = valuesOf(0, 1000, size)
      await kafka.produce(input, records(values))
      const agent = await startStream(t, kafka, { input, output, group, calculator, env })
      await recognised(agent)
      await holdsBack(kafka, group, input, output, 3000)
      const printed = Math.floor((Math.floor((1000 * (size + 1)) / BUFFER) * BUFFER) / (size + 1))
      await kafka.waitForRecords(output, printed)
      assert.deepEqual(await kafka.endOffsets(output), [printed])
      // A line at a time, with time for a checkpoint after each, changes nothing, even where a later chunk ends at a
      // newline, as the 25th does with 100 bytes a line.
      const more = valuesOf(1000, 1030, size)
      for (const value of more) await kafka.produce(input, records([value]))
      await agent.waitForStatus('1,030 in flight', ({ streams }) => streams[0]?.inFlight === 1030)
      await holdsBack(kafka, group, input, output, 2000)
      assert.equal(agent.log.filter(({ event }) => event === 'stream.block-buffered').length, 1, 'one warning')

      const began = performance.now()
      assert.equal(await agent.stop(), 0)
      assert.ok(performance.now() - began < 30_000, 'it is not drained in vain')
      sameMultiset(await outputOf(kafka, output), upper([...values, ...more]))
      assert.equal(await kafka.lag(group, input), 0)
    },
  )
}

test(
  'kill -9 of a recognised Calculator loses nothing that came after its first chunk',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const values = valuesOf(0, 1000, 99)
    await kafka.produce(input, records(values))
    const agent = await startStream(t, kafka, { input, output, group, calculator, env })
    await recognised(agent)
    await agent.killCalculator()
    await waitFor(
      'recognised again',
      () => agent.log.filter(({ event }) => event === 'stream.block-buffered').length === 2,
    )
    assert.equal(await agent.stop(), 0)
    nothingMissing(await outputOf(kafka, output), upper(values))
    assert.equal(await kafka.lag(group, input), 0)
  },
)

test(
  'less than one buffer looks like a filter: it is committed, until the first chunk tells',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const values = valuesOf(0, 1000, 99)
    await kafka.produce(input, records(values.slice(0, 30)))
    const agent = await startStream(t, kafka, { input, output, group, calculator, env })
    await noLag(kafka, group, input)
    assert.deepEqual(await kafka.endOffsets(output), [0])
    assert.equal((await agent.status()).streams[0]?.blockBuffered, false)
    await kafka.produce(input, records(values.slice(30)))
    await recognised(agent)
    await holdsBack(kafka, group, input, output, 2000)
    assert.equal(await agent.stop(), 0)
    sameMultiset(await outputOf(kafka, output), upper(values))
    assert.equal(await kafka.lag(group, input), 0)
  },
)

test(
  'lines that divide the buffer look like a filter for ever; an ordered end loses nothing',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const values = valuesOf(0, 1000, 63)
    await kafka.produce(input, records(values))
    const agent = await startStream(t, kafka, { input, output, group, calculator, env })
    await noLag(kafka, group, input)
    assert.deepEqual(await kafka.endOffsets(output), [Math.floor((1000 * 64) / BUFFER) * (BUFFER / 64)])
    assert.equal((await agent.status()).streams[0]?.blockBuffered, false)
    assert.equal(await agent.stop(), 0)
    sameMultiset(await outputOf(kafka, output), upper(values))
  },
)
