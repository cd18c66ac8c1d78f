// DELIVERY=exactly-once with PROTOCOL=batch: a run of the Calculator is a transaction, or no trace of it is to be seen.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'
import { readable } from '../support/transactions.ts'

const AT_ONCE = 200
/** So many lines a run prints at once. */
const PRINTED = 20
/** Whoever is killed while a run is on. */
const victims = ['Calculator', 'agent', 'Calculator', 'nobody'] as const

// Prints before it is done, and is not done while there is the file that its argument names: it is killed in between.
const calculator = `
import os, sys, time
for number, line in enumerate(sys.stdin.readlines()):
    while number == ${PRINTED} and os.path.exists(sys.argv[1]): time.sleep(0.05)
    print(line, end='', flush=True)
`

test('each record once, over kills within runs and of the agent', { timeout: 300_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const topics = await streamTopics(kafka, 2)
  const hold = join(tempDir(t), 'hold')
  const start = (): Promise<TestAgent> =>
    startStream(t, kafka, {
      ...{ ...topics, calculator: ['python3', '-c', calculator, hold] },
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
    agent.waitForStatus('a run', ({ streams }) => (streams[0]?.counters.answers ?? 0) >= printed + PRINTED)
  let agent = await start()
  let fed = 0
  for (const victim of victims) {
    const { streams } = await agent.waitForStatus('a stream', ({ streams }) => streams.length === 1)
    writeFileSync(hold, '')
    await feed(fed)
    fed += AT_ONCE
    await inTheMiddle(streams[0]?.counters.answers ?? 0)
    const { length } = agent.log
    if (victim === 'Calculator') {
      await agent.killCalculator()
      await agent.waitForEvent('stream.aborted', 60_000, length)
    }
    if (victim === 'agent') {
      const exit = once(agent.process, 'exit')
      agent.signal('SIGKILL')
      await exit
      agent = await start()
    }
    rmSync(hold)
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
