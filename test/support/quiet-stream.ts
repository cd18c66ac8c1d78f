// The parts and sides of a stream in memory in which nothing happens that the test did not ask for.
import assert from 'node:assert/strict'
import { OutputEncoding, type OutputRules } from '../../src/engine/stream/output-encoding.ts'
import type { EventRing } from '../../src/engine/event-ring.ts'
import type { Clock } from '../../src/engine/ports.ts'
import type { StreamParts, StreamSides } from '../../src/engine/stream/stream-parts.ts'

/** Answers are stored as the bytes that they are. */
export const rawOutput: OutputRules = {
  ...{ format: 'raw', json: false, partition: null, dropEmpty: false },
  ...{ source: '/x', instanceId: 'x' },
}

/** At least once, with room for a test's records; a broken protocol or output fails the test. */
export function quietParts(clock: Clock, events: EventRing, own: Partial<StreamParts> = {}): StreamParts {
  return {
    ...{ namespec: 'calculator', clock, events, maxLine: 1000, bufferBytes: 1000 },
    ...{ checkpointIntervalMs: 100, adoptionGraceMs: 1000, answerTimeoutMs: null },
    ...{ newlines: 'json', unwrap: true, replayable: true, envelope: false },
    ...{ atMostOnce: false, transactionLimitMs: null },
    activity: () => ({ cpu: null, parked: 'busy' }),
    attempts: () => 3,
    stderrTail: () => [],
    oomKills: () => null,
    logStdout: () => undefined,
    progressed: () => undefined,
    broken: () => assert.fail('the protocol holds'),
    failed: (error) => {
      throw error
    },
    ...own,
  }
}

type NamedSides = Pick<StreamSides, 'source' | 'sink' | 'letters' | 'protocol'> & Partial<StreamSides>

/** From the topic `in` to the topic `out`, without transactions. */
export function quietSides(clock: Clock, own: NamedSides): StreamSides {
  return {
    ...{ transactions: null, encoding: new OutputEncoding(rawOutput, clock) },
    ...{ topics: ['in'], outputTopic: 'out', deadLetterTopic: null, json: false },
    ...own,
  }
}
