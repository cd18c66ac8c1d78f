// DELIVERY=exactly-once, as a reader of committed records sees it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Pace } from '../chaos/pace.ts'
import { noLag, startStream, streamTopics, type StreamOptions } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'
import { readable } from '../support/transactions.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 30_000
const RATE = 8_000

interface Flow {
  readonly kafka: TestKafka
  readonly topics: { readonly input: string; readonly output: string; readonly group: string }
  readonly start: (env: StreamOptions['env']) => Promise<TestAgent>
}

async function flow(t: TestContext, values: readonly string[], calculator: StreamOptions['calculator']): Promise<Flow> {
  const kafka = new TestKafka(t)
  const topics = await streamTopics(kafka, 2)
  await kafka.produce(
    topics.input,
    values.map((value, i) => ({ value, partition: i % 2 })),
  )
  const env = {
    DELIVERY: 'exactly-once',
    KAFKA_SESSION_TIMEOUT: '6s',
    CHECKPOINT_INTERVAL: '500ms',
    INSTANCE_ID: 'one',
  }
  return {
    kafka,
    topics,
    start: (more) => startStream(t, kafka, { ...topics, calculator, env: { ...env, ...more } }),
  }
}

/** How often each value can be read. */
async function counted(kafka: TestKafka, topic: string): Promise<Map<string, number>> {
  await readable(kafka.broker, topic)
  const found = new Map<string, number>()
  await kafka.eachRecord(topic, ({ value }) => found.set(String(value), (found.get(String(value)) ?? 0) + 1))
  return found
}

for (const PROTOCOL of ['one-to-one', 'relay']) {
  test(
    `${PROTOCOL}: each record once, over kills of the Calculator and of the agent`,
    { timeout: 300_000 },
    async (t) => {
      const pace = new Pace(tempDir(t), RATE)
      const script = join(import.meta.dirname, '../chaos/calculator.py')
      const values = Array.from({ length: RECORDS }, (_, i) => `value ${i}`)
      const { kafka, topics, start } = await flow(t, values, ['python3', script, pace.file, '7', '1'])
      let agent = await start({ PROTOCOL })
      for (const part of [0.1, 0.3]) {
        await kafka.waitForRecords(topics.output, RECORDS * part)
        await agent.killCalculator()
      }
      // So slow from here on that the agent is killed in the middle.
      pace.set(RATE / 8)
      await kafka.waitForRecords(topics.output, RECORDS * 0.35)
      const exit = once(agent.process, 'exit')
      agent.signal('SIGKILL')
      await exit
      assert.notEqual(await kafka.lag(topics.group, topics.input), 0)
      pace.set(0)
      // Under the same name: what the first left open is aborted at once, not by the broker's clock.
      agent = await start({ PROTOCOL })
      await noLag(kafka, topics.group, topics.input)
      assert.equal(await agent.stop(), 0)
      const found = await counted(kafka, topics.output)
      assert.equal(found.size, RECORDS)
      assert.deepEqual(
        [...found].filter(([, times]) => times !== 1),
        [],
      )
    },
  )
}

test('an agent whose name another one takes leaves, says so, and changes nothing', { timeout: 180_000 }, async (t) => {
  const { kafka, topics, start } = await flow(t, ['a', 'b'], ['cat'])
  const first = await start({ PROTOCOL: 'one-to-one' })
  await noLag(kafka, topics.group, topics.input)
  const second = await start({ PROTOCOL: 'one-to-one' })
  await second.waitForStatus('one partition each', ({ streams }) => streams[0]?.input.assigned.length === 1)
  await kafka.produce(
    topics.input,
    [0, 1].flatMap((partition) => [{ value: `c${partition}`, partition }]),
  )
  assert.equal((await first.exit()).code, 69)
  assert.match(first.stderr, /another process writes as transactional id .*give each replica its own INSTANCE_ID/)
  await noLag(kafka, topics.group, topics.input)
  assert.equal(await second.stop(), 0)
  const found = await counted(kafka, topics.output)
  assert.deepEqual([...found].sort(), [['a', 1], ['b', 1], ['c0', 1], ['c1', 1]]) // prettier-ignore
})

test('relay: where nothing can be proven feeding stops, and the cure is named', { timeout: 180_000 }, async (t) => {
  const { kafka, topics, start } = await flow(t, ['a', 'b'], ['sh', '-c', 'cat | cat'])
  const agent = await start({ PROTOCOL: 'relay' })
  await waitFor('not ready', async () => /PROTOCOL=one-to-one/.test(await (await agent.get('/readyz')).text()))
  const { streams } = await agent.status()
  assert.equal(streams[0]?.phase, 'stopped')
  assert.equal(agent.log.filter(({ event }) => event === 'stream.given-up').length, 1)
  assert.equal(await agent.stop(), 0)
  assert.equal((await counted(kafka, topics.output)).size, 0)
})
