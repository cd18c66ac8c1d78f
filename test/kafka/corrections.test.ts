// A partition whose offset is gone is read on, whatever else happens to it meanwhile.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Corrections } from '../../src/kafka/corrections.ts'
import { Ownership } from '../../src/kafka/ownership.ts'
import type { Start } from '../../src/kafka/start-positions.ts'
import { Topics } from '../../src/kafka/topics.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { clusterFor, Lines } from './rig.ts'

const at = { topic: 'in', partition: 0 }

/** Offset 7 is asked for and does not exist; where to go on instead is answered when the test says so. */
function world(t: TestContext) {
  const lines = new Lines()
  const cluster = clusterFor(lines, ['127.0.0.1:1'])
  t.after(() => cluster.close())
  const ownership = new Ownership()
  const [partition] = ownership.add([at])
  assert.ok(partition)
  partition.seek(7)
  const instead = Promise.withResolvers<Start | undefined>()
  const told: string[] = []
  const corrections = new Corrections({
    ...{ cluster, topics: new Topics(cluster, []), ownership, clock: new FakeClock(), log: lines.log },
    starts: {
      instead: () => instead.promise,
      begin: () => Promise.resolve(),
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
  return { partition, instead, told, corrected: corrections.outOfRange(partition, 7) }
}

const start = (offset: number): Start => ({ ...at, offset, highWatermark: 20, asWanted: false, reason: 'gone' })

for (const [what, offset, expected] of [
  ['ahead: what lies between is gone', 9, ['fetched']],
  ['behind: the offsets begin anew', 3, ['begun anew', 'begun at 3', 'fetched']],
] as const) {
  test(what, async (t) => {
    const { partition, instead, told, corrected } = world(t)
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
    const { partition, instead, told, corrected } = world(t)
    partition.seek(8)
    instead.resolve(answer)
    await corrected
    assert.deepEqual([partition.position, told], [8, ['fetched']])
  })
}
