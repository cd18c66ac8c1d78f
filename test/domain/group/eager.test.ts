// The expected results are those that Java's documentation of the two assignors gives.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignInTurn, assignRanges } from '../../../src/domain/group/eager.ts'
import type { Assignments, Subscriber } from '../../../src/domain/group/subscriber.ts'

const member = (memberId: string, topics: readonly string[], instanceId: string | null = null): Subscriber => ({
  memberId,
  instanceId,
  topics,
  owned: [],
  generation: -1,
})

const plain = (assignments: Assignments): Record<string, Record<string, readonly number[]>> =>
  Object.fromEntries([...assignments].map(([memberId, topics]) => [memberId, Object.fromEntries(topics)]))

const both = ['t0', 't1']
const three = new Map(both.map((topic) => [topic, 3]))

test('range gives each topic in runs, and the extra ones to the first', () => {
  assert.deepEqual(plain(assignRanges([member('c1', both), member('c0', both)], three)), {
    c1: { t0: [2], t1: [2] },
    c0: { t0: [0, 1], t1: [0, 1] },
  })
})

test('round-robin gives one after the other over all topics', () => {
  assert.deepEqual(plain(assignInTurn([member('c1', both), member('c0', both)], three)), {
    c1: { t0: [1], t1: [0, 2] },
    c0: { t0: [0, 2], t1: [1] },
  })
})

test('both leave out who does not subscribe', () => {
  const members = [member('c0', ['t0']), member('c1', ['t0', 't1']), member('c2', ['t0', 't1', 't2'])]
  const counts = new Map([
    ['t0', 1],
    ['t1', 2],
    ['t2', 3],
    ['nobody', 4],
  ])
  assert.deepEqual(plain(assignInTurn(members, counts)), {
    c0: { t0: [0] },
    c1: { t1: [0] },
    c2: { t1: [1], t2: [0, 1, 2] },
  })
  assert.deepEqual(plain(assignRanges(members, counts)), {
    c0: { t0: [0] },
    c1: { t1: [0] },
    c2: { t1: [1], t2: [0, 1, 2] },
  })
})

test('static members come first, by their own names', () => {
  const members = [member('a', ['t0']), member('y', ['t0'], '2'), member('z', ['t0'], '1')]
  const counts = new Map([['t0', 3]])
  for (const assign of [assignInTurn, assignRanges]) {
    assert.deepEqual(plain(assign(members, counts)), { a: { t0: [2] }, y: { t0: [1] }, z: { t0: [0] } })
  }
})
