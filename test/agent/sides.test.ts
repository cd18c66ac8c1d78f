import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sides } from '../../src/agent/sides.ts'
import { loadConfig, type Config } from '../../src/config/config.ts'
import type { Flags } from '../../src/config/findings.ts'
import { changeClass } from '../../src/domain/stream/change-class.ts'
import type { StreamSettings } from '../../src/domain/stream/settings.ts'
import type { BufferPool } from '../../src/wire/buffer-pool.ts'
import { fakeMachine, least } from '../config/fake-machine.ts'
import { FakeClock } from '../support/fake-clock.ts'

const PIECE = 128 * 1024

function sidesFor(over: Readonly<Record<string, string>>, flags: Flags = {}): { sides: Sides; config: Config } {
  const machine = fakeMachine({ '/in': '' })
  const { config, problems } = loadConfig({ environment: { ...least, ...over }, flags, machine })
  if (config === null) throw new Error(JSON.stringify(problems))
  const credentials = (): { tls: false; sasl: null } => ({ tls: false, sasl: null })
  const sides = new Sides(
    config,
    new FakeClock(),
    { line: () => undefined, module: () => () => undefined },
    credentials,
    () => undefined,
  )
  return { sides, config }
}

const poolFor = (BUFFER_BYTES: string): BufferPool => sidesFor({ BUFFER_BYTES }).sides.cluster().pool

/** What is exchanged when settings change so. */
function exchanged({ sides, config }: ReturnType<typeof sidesFor>, change: Partial<StreamSettings>): string[] {
  const [before, after] = [config.streams, { ...config.streams, ...change }]
  const old = sides.for(before, null, new Set())
  const next = sides.for(after, old, changeClass(before, after))
  return (['source', 'sink', 'letters', 'encoding'] as const).filter((side) => next[side] !== old[side])
}

/** How many pieces of 128 KiB serve again when more than that were given back. */
function kept(pool: BufferPool): number {
  const pieces = Array.from({ length: 300 }, () => pool.take(PIECE))
  for (const piece of pieces) pool.give(piece)
  const before = new Set(pieces.map(({ buffer }) => buffer))
  return pieces.filter(() => before.has(pool.take(PIECE).buffer)).length
}

test('connections to Kafka keep a quarter of BUFFER_BYTES unused, and 32 MiB at most', () => {
  assert.deepEqual(['1MiB', '64MiB', '1GiB'].map(poolFor).map(kept), [2, 128, 256])
})

test('no document begins a local input or output anew', () => {
  const local = sidesFor({}, { in: '/in', out: '/out' })
  const change = { inputTopics: ['others'], outputTopic: 'other', deadLetterTopic: 'letters' }
  assert.deepEqual(exchanged(local, change), ['encoding'])
})

test('a sink is exchanged for another topic, and for nothing else', () => {
  const kafka = sidesFor({ PROTOCOL: 'source' })
  assert.deepEqual(exchanged(kafka, { outputFormat: 'raw', outputJson: true }), ['encoding'])
  assert.deepEqual(exchanged(kafka, { deadLetterTopic: 'letters' }), ['letters', 'encoding'])
  assert.deepEqual(exchanged(kafka, { outputTopic: 'other' }), ['sink', 'letters', 'encoding'])
  assert.deepEqual(exchanged(kafka, { args: ['x'] }), [])
})
