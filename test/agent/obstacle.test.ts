import assert from 'node:assert/strict'
import { test } from 'node:test'
import { obstacleFor } from '../../src/agent/obstacle.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { StreamSettings } from '../../src/domain/stream/settings.ts'
import { fakeMachine, least } from '../config/fake-machine.ts'

/** Why settings of a run document cannot be put in force with DELIVERY=exactly-once. */
function obstacle(over: Partial<StreamSettings>): string | null {
  const environment = { ...least, DELIVERY: 'exactly-once' }
  const { config } = loadConfig({ environment, flags: {}, machine: fakeMachine() })
  assert.ok(config)
  return obstacleFor(config)({ ...config.streams, ...over })
}

test('a document with which exactly-once cannot hold is refused, with the path of the field', () => {
  for (const protocol of ['relay', 'one-to-one', 'keyed', 'many', 'batch'] as const) {
    assert.equal(obstacle({ protocol }), null)
  }
  for (const protocol of ['sink', 'source'] as const) {
    assert.match(
      obstacle({ protocol }) ?? '',
      /^calculator\.protocol: DELIVERY=exactly-once needs an input and an output/,
    )
  }
  assert.match(obstacle({ outputTopic: null }) ?? '', /^output\.topic: DELIVERY=exactly-once needs an output topic/)
  assert.match(obstacle({ deadLetterTopic: 'scores' }) ?? '', /^deadLetter\.topic: DELIVERY=exactly-once/)
})

test('more workers than can be are refused', () => {
  assert.equal(obstacle({ workers: 1 }), null)
  assert.equal(
    obstacle({ workers: 2 }),
    'calculator.workers: expected 1, found 2: DELIVERY=exactly-once binds all output of an agent into one transaction',
  )
})

test('no document says whether a local input is read', () => {
  for (const [PROTOCOL, protocol, expected] of [
    ['relay', 'source', 'one that reads'],
    ['source', 'relay', 'source'],
  ] as const) {
    const machine = fakeMachine({ '/in': '' })
    const { config } = loadConfig({ environment: { ...least, PROTOCOL }, flags: { in: '/in' }, machine })
    assert.ok(config)
    assert.equal(
      obstacleFor(config)({ ...config.streams, protocol }),
      `calculator.protocol: expected ${expected}, found ${protocol}: with --in only PROTOCOL says whether it is read`,
    )
    assert.equal(obstacleFor(config)(config.streams), null)
  }
})
