// Quotas of a real broker: what is produced and fetched is throttled. The agent goes on, more slowly; nothing is lost,
// nobody takes it for dead.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { noLag, startStream, streamTopics, valuesOf } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { setQuotas } from '../support/quotas.ts'
import { multiset, same } from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 1_500
const SIZE = 2_000
/** Bytes in a second, on the average of ten: everything takes some seconds more than it would. */
const RATE = 180_000

for (const quota of ['producer_byte_rate', 'consumer_byte_rate'] as const) {
  test(`${quota}: slower, and nothing else`, { timeout: 300_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const topics = await streamTopics(kafka, 2)
    const name = `throttled-${randomUUID().slice(0, 8)}`
    await setQuotas(t, kafka.broker, `pidpiper-${name}`, { [quota]: RATE })
    const values = Array.from({ length: RECORDS }, (_, i) => Buffer.from(`${i} `.padEnd(SIZE, 'x')))
    await kafka.produce(
      topics.input,
      values.map((value) => ({ value })),
    )
    const agent = await startStream(t, kafka, {
      ...{ ...topics, calculator: ['cat'] },
      // A member whose heartbeats were held back would be out of the group.
      env: { PROTOCOL: 'one-to-one', INSTANCE_ID: name, KAFKA_SESSION_TIMEOUT: '6s' },
    })
    const { pauseMs } = await agent.waitForEvent('kafka.throttled', 60_000)
    assert.ok(Number(pauseMs) > 0)
    await waitFor('readiness', async () => (await agent.get('/readyz')).status === 200)
    await noLag(kafka, topics.group, topics.input)
    assert.equal(await agent.stop(), 0)
    same(await valuesOf(kafka, topics.output), multiset(values))
    const troubles = /^kafka\.(lost|sink|source|group|produce-again)$|^stream\.commit-refused$/
    assert.deepEqual(
      agent.log.filter(({ event = '' }) => troubles.test(event)),
      [],
    )
  })
}
