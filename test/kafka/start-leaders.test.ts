// Where partitions begin whose leaders are not all there.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { OwnedPartitions } from '../../src/kafka/owned-partitions.ts'
import type { OwnedPartition } from '../../src/kafka/fetch/owned-partition.ts'
import { NO_EPOCH } from '../../src/kafka/protocol/fetch.ts'
import type { ClusterFacts } from '../../src/kafka/protocol/metadata.ts'
import { StartFinder, type StartParts } from '../../src/kafka/start-finder.ts'
import { Topics } from '../../src/kafka/topics.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { Lines } from './rig.ts'

const [AWAY, NONE] = [2, -1]

/** Three partitions of ten records; broker 2 is away. `leaders`: one for each partition, as the brokers say. */
async function world(t: TestContext, leaders: number[]) {
  const clock = new FakeClock()
  const closing = new AbortController()
  t.after(() => closing.abort())
  const facts = (): ClusterFacts => {
    const partitions = leaders.map((leader, partition) => ({ partition, leader, leaderEpoch: 0 }))
    return { brokers: [], controller: 1, topics: new Map([['in', { name: 'in', id: 'a', partitions }]]) }
  }
  const topics = new Topics({ metadata: () => Promise.resolve(facts()) }, ['in'])
  await topics.refresh()
  const send = (node: number): Promise<unknown> => {
    if (node === AWAY) return Promise.reject(new Error('broker 2 is away'))
    const led = [...leaders.keys()].filter((partition) => leaders[partition] === node)
    return Promise.resolve(led.map((partition) => ({ topic: 'in', partition, error: 0, offset: 10 })))
  }
  const committed: number[] = []
  const commit = (due: readonly OwnedPartition[]): Promise<void> => {
    for (const each of due) {
      if (each.dueStart) committed.push(each.partition)
      each.dueStart = null
    }
    return Promise.resolve()
  }
  const starts = new StartFinder({
    ...{ topics, clock, log: new Lines().log, signal: closing.signal, from: 'latest', commit },
    cluster: { send } as StartParts['cluster'],
    committed: (list) =>
      Promise.resolve(list.map((each) => ({ ...each, offset: -1, leaderEpoch: NO_EPOCH, metadata: '' }))),
    noted: () => undefined,
    found: () => undefined,
  })
  const partitions = new OwnedPartitions().add(leaders.map((_, partition) => ({ topic: 'in', partition })))
  const positions = (): (number | null)[] => partitions.map(({ position }) => position)
  return { clock, starts, partitions, positions, committed }
}

for (const [what, leader, error] of [
  ['has no leader', NONE, /LEADER_NOT_AVAILABLE|no leader/],
  ['is led by a broker that is away', AWAY, /broker 2 is away/],
] as const) {
  test(`a partition that ${what} holds up no other, and begins when it is led`, async (t) => {
    const leaders = [1, leader, 1]
    const { clock, starts, partitions, positions, committed } = await world(t, leaders)
    void starts.begin(partitions)
    await clock.advance(0)
    assert.deepEqual(positions(), [10, null, 10])
    assert.deepEqual(committed, [0, 2], 'their starts are committed, too')
    assert.match(starts.problem.text ?? '', error)
    leaders[1] = 3
    await clock.advance(10_000)
    assert.deepEqual(positions(), [10, 10, 10])
    assert.deepEqual(committed, [0, 2, 1])
    assert.equal(starts.problem.text, null)
  })
}
