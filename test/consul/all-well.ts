// An agent whose checks both pass.
import assert from 'node:assert/strict'
import { aSnapshot } from '../http/a-snapshot.ts'

export const KEY = 'buldozer/subordinate/n1'

export const running = aSnapshot({
  document: { key: KEY },
  input: { topics: ['in'], assigned: [{ topic: 'in', partition: 0 }], lag: 12, lastFetchAgeMs: 5 },
  output: { topic: 'out', lastAckAgeMs: 5 },
  stream: { inFlight: 3 },
})

const [process] = running.processes
const [only] = running.streams
assert.ok(process && only)

export const calculator = process
export const stream = only
