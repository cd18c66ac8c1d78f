import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sides } from '../../src/agent/sides.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { BufferPool } from '../../src/wire/buffer-pool.ts'
import { fakeMachine, least } from '../config/fake-machine.ts'
import { FakeClock } from '../support/fake-clock.ts'

const PIECE = 128 * 1024

function poolFor(bufferBytes: string): BufferPool {
  const environment = { ...least, BUFFER_BYTES: bufferBytes }
  const { config, problems } = loadConfig({ environment, flags: {}, machine: fakeMachine() })
  if (config === null) throw new Error(JSON.stringify(problems))
  const credentials = (): { tls: false; sasl: null } => ({ tls: false, sasl: null })
  const sides = new Sides(
    config,
    new FakeClock(),
    () => undefined,
    credentials,
    () => undefined,
  )
  return sides.cluster().pool
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
