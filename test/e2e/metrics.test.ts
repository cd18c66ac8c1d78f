// What /metrics says after a run whose numbers are known.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { parseMetrics } from '../http/parse-metrics.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 500
/** Age of the records when they are read, ms. */
const AGE = 40_000

for (const [protocol, answered] of [
  ['one-to-one', RECORDS],
  ['relay', 0],
] as const) {
  test(`${protocol}: durations, lags and counts of ${RECORDS} records`, { timeout: 180_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka, 2)
    const timestamp = Date.now() - AGE
    const values = Array.from({ length: RECORDS }, (_, i) => ({ value: `v${i}`, partition: i % 2, timestamp }))
    await kafka.produce(input, values)
    const env = { PROTOCOL: protocol }
    const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
    await noLag(kafka, group, input)
    let samples = new Map<string, number>()
    const of = (name: string, labels = ''): number | undefined =>
      samples.get(`pidpiper_${name}{process="calculator"${labels}}`)
    const scrape = async (): Promise<boolean> => {
      samples = parseMetrics(await (await agent.get('/metrics')).text()).samples
      return of('end_to_end_seconds_count') === RECORDS
    }
    await waitFor('every record measured', scrape)
    assert.equal(of('answer_seconds_count'), answered)
    assert.equal(of('answers_total', ',result="ok"'), RECORDS)
    assert.equal(of('end_to_end_seconds_bucket', ',le="30"'), 0)
    assert.equal(of('end_to_end_seconds_bucket', ',le="300"'), RECORDS)
    const mean = (of('end_to_end_seconds_sum') ?? 0) / RECORDS
    assert.ok(mean >= AGE / 1000 && mean < AGE / 1000 + 20, `${mean} s`)
    for (const partition of [0, 1]) {
      const at = `,topic="${input}",partition="${partition}"`
      assert.equal(of('partition_lag', at), 0)
      assert.equal(of('partition_progress_age_seconds', at), 0)
    }
    assert.equal(of('work_lag'), 0)
    assert.equal(of('rebalances_total', ',kind="assigned"'), 1)
    assert.ok((of('commit_total', ',result="ok"') ?? 0) > 0)
    assert.ok((of('child_rss_bytes') ?? 0) > 100_000)
    assert.equal((of('checkpoint_seconds_count') ?? 0) > 0, protocol === 'relay')
    assert.equal(await agent.stop(), 0)
  })
}
