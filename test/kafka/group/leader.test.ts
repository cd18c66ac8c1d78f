import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lead } from '../../../src/kafka/group/leader.ts'
import { PartitionWatch } from '../../../src/kafka/group/partition-watch.ts'
import type { JoinAnswer } from '../../../src/kafka/group/requests.ts'
import type { ClusterFacts } from '../../../src/kafka/protocol/metadata.ts'
import { decodeAssignment } from '../../../src/kafka/protocol/assignment.ts'
import { encodeSubscription } from '../../../src/kafka/protocol/subscription.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Lines } from '../rig.ts'
import { name } from './rig.ts'

/** A cluster that shows only these topics, each with so many partitions. */
function watchOf(visible: Map<string, number>) {
  const lines = new Lines()
  const clock = new FakeClock()
  const metadata = (topics: readonly string[]): Promise<ClusterFacts> => {
    const facts = topics.map((topic) => {
      const count = visible.get(topic)
      const partitions = Array.from({ length: count ?? 0 }, (_, partition) => ({
        partition,
        leader: 1,
        leaderEpoch: 0,
      }))
      return [topic, count === undefined ? { error: 29 } : { name: topic, id: null, partitions }] as const
    })
    return Promise.resolve({ brokers: [], controller: -1, topics: new Map(facts) })
  }
  const never = (): Promise<never> => Promise.reject(new Error('not asked'))
  const cluster = { metadata, send: never, sendToAny: never }
  return { watch: new PartitionWatch({ clock, log: lines.log, cluster, every: 1_000 }), lines, clock }
}

const answer = (members: Readonly<Record<string, Buffer>>, protocol = 'cooperative-sticky'): JoinAnswer => ({
  throttleMs: 0,
  error: 0,
  generation: 7,
  protocol,
  leaderId: 'me',
  memberId: 'me',
  members: Object.entries(members).map(([memberId, metadata]) => ({ memberId, instanceId: null, metadata })),
})

const ours = (
  topics: readonly string[],
  counts: Readonly<Record<string, number>>,
  owned: readonly string[] = [],
): Buffer =>
  encodeSubscription({
    topics,
    owned: owned.map((each) => ({ topic: each.split('/')[0] ?? '', partition: Number(each.split('/')[1]) })),
    generation: 6,
    counts: new Map(Object.entries(counts)),
  })

const given = (assignments: Awaited<ReturnType<typeof lead>>): Record<string, string[]> =>
  Object.fromEntries(assignments.map(([memberId, bytes]) => [memberId, decodeAssignment(bytes).map(name)]))

test('members of several clients and workspaces each get what they subscribe to', async () => {
  const { watch, lines } = watchOf(new Map([['a', 3]]))
  // librdkafka: version 1, with what it owns twice, and the generation behind the second.
  const owned = '00000001 0001 61 00000001 00000002'.replaceAll(' ', '')
  const librdkafka = Buffer.from(`00010000000100016100000013${owned}00000006${owned}`, 'hex')
  const assignments = given(
    await lead(answer({ me: ours(['a'], { a: 3 }, ['a/0', 'a/1']), kcat: librdkafka }), watch, lines.log),
  )
  assert.deepEqual(assignments, { me: ['a/0', 'a/1'], kcat: ['a/2'] })
  assert.deepEqual(lines.all, [])
})

test('a member whose words make no sense gets nothing, and is named', async () => {
  const { watch, lines } = watchOf(new Map([['a', 2]]))
  const assignments = given(await lead(answer({ me: ours(['a'], {}), odd: Buffer.from('odd') }), watch, lines.log))
  assert.deepEqual(assignments, { me: ['a/0', 'a/1'], odd: [] })
  assert.deepEqual(
    lines.of('kafka.member-unreadable').map(({ fields }) => fields['member']),
    ['odd'],
  )
})

test('topics that the leader cannot see are given to their members, by their own word', async () => {
  const { watch, lines } = watchOf(new Map([['a', 1]]))
  const members = { me: ours(['a'], { a: 1 }), other: ours(['b'], { b: 2 }), third: ours(['c'], {}, ['c/1']) }
  assert.deepEqual(given(await lead(answer(members), watch, lines.log)), {
    me: ['a/0'],
    other: ['b/0', 'b/1'],
    third: ['c/0', 'c/1'],
  })
})

test('a member that tells nonsense of a hidden topic does not keep the leader busy', async () => {
  const { watch, lines } = watchOf(new Map())
  const members = { me: ours(['a'], { a: 2 ** 31 - 1 }) }
  assert.equal(given(await lead(answer(members), watch, lines.log))['me']?.length, 10_000)
})

test('a topic that is not there at one look keeps its partitions; at the second they are gone', async () => {
  const visible = new Map([['a', 2]])
  const { watch } = watchOf(visible)
  assert.equal(await watch.look(['a']), false)
  visible.delete('a')
  assert.equal(await watch.look(['a']), false)
  assert.deepEqual([...watch.counts(['a'])], [['a', 2]])
  visible.set('a', 2)
  assert.equal(await watch.look(['a']), false)
  visible.delete('a')
  await watch.look(['a'])
  assert.equal(await watch.look(['a']), true)
  assert.deepEqual([...watch.counts(['a'])], [])
  visible.set('a', 1)
  assert.equal(await watch.look(['a']), true)
})
