// What the benchmark makes of its looks and runs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from '../../bench/options.ts'
import { contenders, plan } from '../../bench/plan.ts'
import { record, Tally } from '../../bench/records.ts'
import { percentiles, spread } from '../../bench/statistics.ts'
import { steadyWindow } from '../../bench/steady.ts'

const names = contenders.map(({ name }) => name)

test('percentiles are by nearest rank', () => {
  const found = percentiles(Array.from({ length: 1000 }, (_, index) => 1000 - index))
  assert.deepEqual(found, { count: 1000, p50: 500, p99: 990, p999: 999, max: 1000 })
  assert.equal(percentiles([]), null)
  assert.deepEqual(spread([3, 1, 2, 10]), { min: 1, median: 2.5, max: 10 })
})

test('the steady window is between 10 % and 90 %, and needs enough looks', () => {
  const look = (ms: number, count: number): { ms: number; count: number; rssBytes: number } => ({
    ms,
    count,
    rssBytes: 1,
  })
  const looks = [look(0, 0), look(500, 0), look(600, 100), look(1000, 500), look(1400, 900), look(1500, 1000)]
  assert.deepEqual(steadyWindow(looks, 1000), { fromMs: 600, toMs: 1400, perSecond: 1000 })
  assert.equal(steadyWindow([look(0, 0), look(100, 800), look(200, 1000)], 1000), null)
})

test('records have their size, and a tally tells missing, repeated and foreign ones, in every format', () => {
  const dataframe = (data: unknown): string => JSON.stringify({ specversion: '1.0', data })
  for (const bytes of [100, 1024]) {
    const values = Array.from({ length: 5 }, (_, index) => record(index, bytes))
    for (const value of values) assert.equal(Buffer.byteLength(value), bytes)
    const wrappings = [
      ['raw', (value: string) => value],
      ['dataframe', (value: string) => dataframe(value)],
      ['dataframe', (value: string) => dataframe(JSON.parse(value))],
    ] as const
    for (const [format, wrap] of wrappings) {
      const tally = new Tally(5, bytes, format)
      for (const index of [0, 1, 1, 4]) tally.add(wrap(values[index] ?? ''))
      tally.add(wrap(record(5, bytes)))
      tally.add(wrap(record(2, bytes).replace('celsius', 'kelvins')))
      assert.deepEqual(tally.verdict(), { missing: 2, duplicates: 1, foreign: 2 })
    }
  }
})

test('options have defaults for a whole and for a quick run, and bad words are named', () => {
  const whole = readOptions([], names)
  assert.ok(whole !== 'help')
  assert.deepEqual([whole.records, whole.matrixRecords, whole.rounds], [10_000_000, 1_000_000, 3])
  const quick = readOptions(['--quick', '--records', '77'], names)
  assert.ok(quick !== 'help')
  assert.deepEqual([quick.records, quick.rounds], [77, 1])
  assert.throws(() => readOptions(['--only', 'kafka'], names), /--only kafka: unknown; there are headline, /)
  assert.throws(() => readOptions(['--rounds', '0'], names), /--rounds 0: expected a whole number/)
})

test('the matrix has every workload with every pidpiper; ten million are for the fast ones only', () => {
  const options = readOptions([], names)
  assert.ok(options !== 'help')
  const [headline, matrix] = plan(options)
  const slow = headline?.cells.filter(({ records }) => records < options.records).map(({ contender }) => contender.name)
  assert.deepEqual(slow, ['go-lockstep', 'kafkajs-tuned', 'kafkajs-loop'])
  assert.equal(matrix?.cells.filter(({ contender }) => contender.name.startsWith('pidpiper-')).length, 4 * 8)
})
