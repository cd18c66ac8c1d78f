// A million records as fast as they go, and meanwhile whoever asks gets an answer.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { kcatProduce, withoutKcat } from '../support/kcat.ts'

const RECORDS = 1_000_000
const LINES_AT_ONCE = 10_000

/** 100 bytes each with its newline. */
function* lines(): Generator<string> {
  for (let first = 0; first < RECORDS; first += LINES_AT_ONCE) {
    yield Array.from({ length: LINES_AT_ONCE }, (_, i) => `${String(first + i).padEnd(99, ' some words')}\n`).join('')
  }
}

/** Asks again and again until `over`; gives how long each answer took, in ms. */
async function ask(agent: TestAgent, path: string, over: AbortSignal): Promise<number[]> {
  const took: number[] = []
  while (!over.aborted) {
    const began = performance.now()
    const response = await agent.get(path)
    await response.text()
    assert.equal(response.status, 200, path)
    took.push(performance.now() - began)
  }
  return took
}

for (const protocol of ['relay', 'one-to-one'] as const) {
  test(
    `${protocol}: /status, /metrics and /livez answer under full load`,
    { skip: withoutKcat, timeout: 300_000 },
    async (t) => {
      const kafka = new TestKafka(t)
      const { input, output, group } = await streamTopics(kafka)
      await kcatProduce(kafka.broker, input, ['-z', 'lz4'], Readable.from(lines()))
      const env = { PROTOCOL: protocol, CHECKPOINT_INTERVAL: '1s' }
      const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
      await agent.calculator()
      const over = new AbortController()
      const asked = ['/status', '/metrics', '/livez'].map((path) => ask(agent, path, over.signal))
      const began = performance.now()
      await kafka.waitForRecords(output, RECORDS, 180_000)
      const seconds = (performance.now() - began) / 1000
      over.abort()
      for (const [i, took] of (await Promise.all(asked)).entries()) {
        const sorted = took.sort((a, b) => a - b)
        const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
        t.diagnostic(
          `${['/status', '/metrics', '/livez'][i] ?? ''}: ${sorted.length} answers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
        )
      }
      await noLag(kafka, group, input)
      const {
        streams,
        agent: { loopLagMs },
      } = await agent.status()
      t.diagnostic(
        `${Math.round(RECORDS / seconds)} records/s as seen from outside, loop lag ${JSON.stringify(loopLagMs)}`,
      )
      assert.deepEqual(await kafka.endOffsets(output), [RECORDS])
      assert.equal(streams[0]?.counters.recordsOut, RECORDS)
      assert.ok(agent.log.every(({ event }) => event !== 'runtime.warning'))
      assert.doesNotMatch(agent.stderr, /TimeoutNegativeWarning/)
      assert.equal(await agent.stop(), 0)
    },
  )
}
