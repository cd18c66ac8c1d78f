// Memory stays flat whatever does not move: a Calculator that does not read, a broker that does not answer.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { watchPeak } from '../fixtures/e2e-proc.ts'
import { startStream } from '../fixtures/e2e-stream.ts'
import { TestKafka, type TestRecord } from '../support/kafka.ts'
import { ownKafka } from '../support/own-kafka.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const LIMIT_MIB = 300
/** How long everything must stand still, so that a leak has time to show. */
const STANDSTILL = 10_000

function* records([count, size]: readonly [number, number]): Generator<TestRecord> {
  const value = Buffer.alloc(size, 'some words ')
  for (let i = 0; i < count; i++) yield { value }
}

const kinds = [
  [250_000, 100],
  [12_000, 10_000],
  [350, 750_000],
] as const

test('a Calculator that does not read 400 MB of three topics, and then does', { timeout: 600_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const inputs = [await kafka.createTopic(3), await kafka.createTopic(3), await kafka.createTopic(3)]
  await Promise.all(inputs.map((input, i) => kafka.produce(input, records(kinds[i] ?? [0, 0]))))
  const [output, group] = [await kafka.createTopic(1), kafka.groupId()]
  const go = join(tempDir(t), 'go')
  const agent = await startStream(t, kafka, {
    ...{ input: inputs.join(','), output, group },
    calculator: ['sh', '-c', 'while [ ! -e "$0" ]; do sleep 0.1; done; exec wc -l', go],
  })
  const memory = watchPeak(t, agent.pid)
  const full = await agent.waitForStatus('a full window', ({ streams }) => {
    const [stream] = streams
    return stream !== undefined && stream.bufferedBytes > stream.bufferLimitBytes * 0.4
  })
  await pause(STANDSTILL)
  t.diagnostic(`peak ${memory.peakMiB} MiB while nothing was read`)
  assert.ok(memory.peakMiB < LIMIT_MIB, `peak ${memory.peakMiB} MiB`)
  const still = await agent.status()
  assert.ok((still.streams[0]?.bufferedBytes ?? Infinity) <= (full.streams[0]?.bufferLimitBytes ?? 0))
  writeFileSync(go, '')
  const left = async (): Promise<number> =>
    (await Promise.all(inputs.map((input) => kafka.lag(group, input)))).reduce((sum, lag) => sum + lag, 0)
  await waitFor('no lag', async () => (await left()) === 0, { timeout: 240_000, every: 500 })
  t.diagnostic(`peak ${memory.peakMiB} MiB in all`)
  assert.ok(memory.peakMiB < LIMIT_MIB, `peak ${memory.peakMiB} MiB`)
  assert.equal(await agent.stop(), 0)
})

const FLOOD = 1_000_000_000
const LINE = 4_000
/** Output that waits is no more than this, whatever BUFFER_BYTES says. */
const OUTPUT_FULL = 4 * 1024 * 1024

test('a Calculator that prints 1 GB unasked while the broker is stopped', { timeout: 600_000 }, async (t) => {
  const own = await ownKafka(t)
  await own.start()
  const kafka = new TestKafka(t, own.broker)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(3)]
  const go = join(tempDir(t), 'go')
  const line = 'x'.repeat(LINE - 1)
  const flood = `while [ ! -e "$0" ]; do sleep 0.1; done; yes ${line} | head -c ${FLOOD}; exec cat`
  const agent = await startStream(t, kafka, {
    ...{ input, output, group: kafka.groupId() },
    calculator: ['sh', '-c', flood, go],
    env: { OUTPUT_FORMAT: 'dataframe' },
  })
  const memory = watchPeak(t, agent.pid)
  await agent.waitForEvent('kafka.start')
  own.freeze()
  writeFileSync(go, '')
  await agent.waitForStatus('a full window', ({ streams }) => {
    const [stream] = streams
    return stream !== undefined && stream.bufferedBytes >= OUTPUT_FULL
  })
  await pause(STANDSTILL)
  const still = await agent.status()
  t.diagnostic(`peak ${memory.peakMiB} MiB while the broker was stopped`)
  assert.ok(memory.peakMiB < LIMIT_MIB, `peak ${memory.peakMiB} MiB`)
  assert.equal(still.streams[0]?.counters.recordsOut, 0)
  assert.equal((await agent.get('/livez')).status, 200)
  own.thaw()
  await kafka.waitForRecords(output, FLOOD / LINE, 240_000)
  t.diagnostic(`peak ${memory.peakMiB} MiB in all`)
  assert.ok(memory.peakMiB < LIMIT_MIB, `peak ${memory.peakMiB} MiB`)
  assert.equal(await agent.stop(), 0)
  assert.equal(
    (await kafka.endOffsets(output)).reduce((a, b) => a + b, 0),
    FLOOD / LINE,
  )
})
