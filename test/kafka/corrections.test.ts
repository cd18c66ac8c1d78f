// A partition whose offset is gone is read on, whatever else happens to it meanwhile.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Corrections } from '../../src/kafka/corrections.ts'
import { OwnedPartitions } from '../../src/kafka/owned-partitions.ts'
import type { ClusterFacts } from '../../src/kafka/protocol/metadata.ts'
import type { Start } from '../../src/kafka/start-positions.ts'
import { Topics } from '../../src/kafka/topics.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { clusterFor, Lines } from './rig.ts'

const at = { topic: 'in', partition: 0 }

/** Offset 7 is asked for and does not exist; where to go on instead is answered when the test says so. */
function world(t: TestContext, facts: () => Promise<ClusterFacts> = () => Promise.reject(new Error('away'))) {
  const lines = new Lines()
  const cluster = clusterFor(lines, ['127.0.0.1:1'])
  t.after(() => cluster.close())
  const topics = new Topics({ metadata: facts }, ['in'])
  const ownership = new OwnedPartitions()
  const [partition] = ownership.add([at])
  assert.ok(partition)
  partition.seek(7)
  const instead = Promise.withResolvers<Start | undefined>()
  const told: string[] = []
  const corrections = new Corrections({
    ...{ cluster, topics, ownership, clock: new FakeClock(), log: lines.log },
    starts: {
      instead: () => instead.promise,
      begin: (_, past) => {
        told.push(`begin ${JSON.stringify(past)}`)
        return Promise.resolve()
      },
      pin: () => Promise.resolve(),
      begun: (_, { offset }) => {
        told.push(`begun at ${offset}`)
        return Promise.resolve()
      },
    },
    begunAnew: () => told.push('begun anew'),
    wake: () => told.push(partition.askable ? 'fetched' : 'woken in vain'),
    failed: () => told.push('failed'),
  })
  return { partition, instead, told, corrections }
}

const start = (offset: number): Start => ({ ...at, offset, highWatermark: 20, asWanted: false, reason: 'gone' })

for (const [what, offset, expected] of [
  ['ahead: what lies between is gone', 9, ['fetched']],
  ['behind: the offsets begin anew', 3, ['begun anew', 'begun at 3', 'fetched']],
] as const) {
  test(what, async (t) => {
    const { partition, instead, told, corrections } = world(t)
    const corrected = corrections.outOfRange(partition, 7)
    assert.ok(!partition.askable)
    instead.resolve(start(offset))
    await corrected
    assert.deepEqual([partition.position, told], [offset, expected])
  })
}

for (const [what, answer] of [
  ['somebody answers', start(9)],
  ['nobody knows', undefined],
] as const) {
  test(`a partition that was rewound before ${what} is fetched from there`, async (t) => {
    const { partition, instead, told, corrections } = world(t)
    const corrected = corrections.outOfRange(partition, 7)
    partition.seek(8)
    instead.resolve(answer)
    await corrected
    assert.deepEqual([partition.position, told], [8, ['fetched']])
  })
}

const named = (id: string | null): ClusterFacts => {
  const partitions = [{ partition: 0, leader: 1, leaderEpoch: 0 }]
  return { brokers: [], controller: 1, topics: new Map([['in', { name: 'in', id, partitions }]]) }
}

for (const [what, id, expected] of [
  ['the same topic', 'a', 'begin {"cutAt":5}'],
  ['another topic of its name', 'b', 'begin {"anew":true}'],
  ['who knows which topic', null, 'begin {"cutAt":5}'],
] as const) {
  test(`a log that ends before what was read is one of ${what}`, async (t) => {
    const { partition, told, corrections } = world(t, () => Promise.resolve(named(id)))
    partition.topicId = 'a'
    await corrections.diverged(partition, { epoch: 0, endOffset: 5 })
    assert.deepEqual(told, ['begun anew', expected, 'woken in vain'])
    assert.deepEqual([partition.position, partition.held], [null, false])
  })
}

test('a partition whose log was cut is held while nobody knows which topic it is of', async (t) => {
  const { partition, told, corrections } = world(t)
  await corrections.diverged(partition, { epoch: 0, endOffset: 5 })
  assert.deepEqual([told, partition.position, partition.held], [['failed'], 7, true])
})

test('a partition that was rewound while its topic was looked at is fetched from there', async (t) => {
  const facts = Promise.withResolvers<ClusterFacts>()
  const { partition, told, corrections } = world(t, () => facts.promise)
  const corrected = corrections.diverged(partition, { epoch: 0, endOffset: 5 })
  partition.seek(4)
  facts.resolve(named('a'))
  await corrected
  assert.deepEqual([told, partition.position], [['fetched'], 4])
})
