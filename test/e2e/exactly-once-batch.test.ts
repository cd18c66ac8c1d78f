// DELIVERY=exactly-once with PROTOCOL=batch: a run of the Calculator is a transaction, or no trace of it is to be seen.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { readable } from '../support/transactions.ts'

const AT_ONCE = 200
/** Whoever is killed while a run is on. */
const victims = ['Calculator', 'agent', 'Calculator', 'nobody'] as const

// Takes its time, so that there is a middle in which it can be killed, and prints before it is done.
const calculator = `
import sys, time
for line in sys.stdin.readlines():
    time.sleep(0.02)
    print(line, end='', flush=True)
`

test('each record once, over kills within runs and of the agent', { timeout: 120_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const topics = await streamTopics(kafka, 2)
  const start = (): Promise<TestAgent> =>
    startStream(t, kafka, {
      ...{ ...topics, calculator: ['python3', '-c', calculator] },
      env: {
        ...{ DELIVERY: 'exactly-once', PROTOCOL: 'batch', INSTANCE_ID: 'one', DEAD_LETTER_TOPIC: topics.deadLetters },
        ...{ KAFKA_SESSION_TIMEOUT: '6s', CHECKPOINT_INTERVAL: '500ms' },
      },
    })
  const feed = (from: number): Promise<void> =>
    kafka.produce(
      topics.input,
      Array.from({ length: AT_ONCE }, (_, i) => ({ value: `value ${from + i}`, partition: i % 2 })),
    )
  /** Resolves when the Calculator has printed some lines of a run; those who read what is committed see none of them. */
  const inTheMiddle = async (printed: number): Promise<unknown> =>
    agent.waitForStatus('a run', ({ streams }) => (streams[0]?.counters.answers ?? 0) >= printed + 20)
  let agent = await start()
  let fed = 0
  for (const victim of victims) {
    const { streams } = await agent.waitForStatus('a stream', ({ streams }) => streams.length === 1)
    await feed(fed)
    fed += AT_ONCE
    await inTheMiddle(streams[0]?.counters.answers ?? 0)
    if (victim === 'Calculator') {
      await agent.killCalculator()
      await agent.waitForEvent('stream.aborted')
    }
    if (victim !== 'agent') continue
    const exit = once(agent.process, 'exit')
    agent.signal('SIGKILL')
    await exit
    agent = await start()
  }
  await noLag(kafka, topics.group, topics.input)
  const { streams } = await agent.status()
  assert.deepEqual(streams[0]?.counters.deadLetters, {})
  assert.equal(await agent.stop(), 0)
  await readable(kafka.broker, topics.output)
  const found = new Map<string, number>()
  await kafka.eachRecord(topics.output, ({ value }) => found.set(String(value), (found.get(String(value)) ?? 0) + 1))
  assert.equal(found.size, fed, 'nothing is missing')
  assert.deepEqual(
    [...found].filter(([, times]) => times !== 1),
    [],
    'nothing is there twice',
  )
  assert.equal((await (await kafka.admin()).listTopics()).includes(topics.deadLetters), false)
})
