// An agent that is frozen for longer than its session: others have taken its partitions when it wakes. It must not commit
// for them, and what it may have got anew must not wait for what it has lost.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noLag, startStream, streamTopics, valuesOf } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { same, multiset } from '../support/records.ts'
import { Stalls } from '../support/stalls.ts'
import { readable } from '../support/transactions.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 600
/** So many the slow Calculator does; the next ones take it longer than anybody would wait. */
const DONE = 5
/** From the news that everything is lost to the beginning of what is got anew. */
const PROMPT = 10_000

const copier = `
import sys
for line in sys.stdin:
    print(line, end='', flush=True)
`
const slowCopier = `
import sys, time
for number, line in enumerate(sys.stdin):
    if number >= ${DONE}: time.sleep(600)
    print(line, end='', flush=True)
`

/** When the first line of that event, at `after` or later, was written, in ms since the epoch; null: there is none. */
function timeOf({ log }: TestAgent, event: string, after = 0): number | null {
  const times = log.flatMap((line) => (line.event === event ? [Date.parse(String(line['time']))] : []))
  return times.find((time) => time >= after) ?? null
}

for (const DELIVERY of ['at-least-once', 'exactly-once'] as const) {
  test(`${DELIVERY}: frozen beyond its session while another takes over`, { timeout: 300_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const topics = await streamTopics(kafka, 2)
    const start = (name: string, script: string): Promise<TestAgent> =>
      startStream(t, kafka, {
        ...{ ...topics, calculator: ['python3', '-c', script] },
        env: {
          ...{ DELIVERY, PROTOCOL: 'one-to-one', INSTANCE_ID: name, KAFKA_SESSION_TIMEOUT: '6s' },
          // A drain takes as long as it is let, and a transaction is open for as long.
          ...{ ADOPTION_GRACEPERIOD: '1m', CHECKPOINT_INTERVAL: '1m' },
        },
      })
    const slow = await start('slow', slowCopier)
    const quick = await start('quick', copier)
    for (const agent of [slow, quick]) {
      await agent.waitForStatus('one partition', ({ streams }) => streams[0]?.input.assigned.length === 1)
    }
    const values = Array.from({ length: RECORDS }, (_, i) => Buffer.from(`record ${i}`))
    await kafka.produce(
      topics.input,
      values.map((value, i) => ({ value, partition: i % 2 })),
    )
    const stalls = new Stalls(t, slow)
    await slow.waitForStatus('records', ({ streams }) => streams[0]?.counters.recordsOut === DONE)
    slow.signal('SIGSTOP')
    t.after(() => slow.process.exitCode ?? slow.signal('SIGCONT'))
    await quick.waitForStatus('both partitions', ({ streams }) => streams[0]?.input.assigned.length === 2)
    slow.signal('SIGCONT')
    await slow.waitForEvent('kafka.lost')
    const lost = timeOf(slow, 'kafka.lost') ?? 0
    const anew = await waitFor('its next partition', () => timeOf(slow, 'kafka.start', lost), { timeout: 90_000 })
    const took = stalls.elapsed(lost, anew)
    t.diagnostic(`began anew ${took} ms after it had lost all`)
    assert.ok(took < PROMPT, `${took} ms`)

    // What it was given is nobody's any more: the next Calculator begins with what is its.
    await slow.killCalculator()
    await kafka.produce(
      topics.input,
      [0, 1].map((partition) => ({ value: `last of ${partition}`, partition })),
    )
    await noLag(kafka, topics.group, topics.input)
    for (const agent of [slow, quick]) assert.equal(await agent.stop(), 0)
    const all = multiset([...values, ...[0, 1].map((partition) => Buffer.from(`last of ${partition}`))])
    await readable(kafka.broker, topics.output)
    const found = await valuesOf(kafka, topics.output)
    if (DELIVERY === 'exactly-once') same(found, all)
    else assert.equal(found.lacks(all), 0)
    t.diagnostic(`${found.size - all.size} twice`)
    // By the coordinator, before anybody knew; and not again.
    assert.ok(slow.log.filter(({ event }) => event === 'stream.commit-refused').length <= 1)
  })
}
