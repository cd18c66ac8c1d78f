import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assignCooperatively } from '../../../src/domain/group/cooperative-sticky.ts'
import type { Assignments, PartitionCounts, Subscriber } from '../../../src/domain/group/subscriber.ts'
import type { TopicPartition } from '../../../src/domain/stream/line-batch.ts'

const topicNames = ['a', 'b', 'c', 'd'] as const
const memberNames = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'] as const

const counts = fc
  .dictionary(fc.constantFrom(...topicNames), fc.nat(9), { noNullPrototype: true })
  .map((object): PartitionCounts => new Map(Object.entries(object)))

/** Any claims at all: of topics that are gone, of partitions that are not there, of several members at once. */
const member = (memberId: string): fc.Arbitrary<Subscriber> =>
  fc.record({
    memberId: fc.constant(memberId),
    instanceId: fc.option(fc.constantFrom(`${memberId}-x`, `0-${memberId}`)),
    topics: fc.subarray([...topicNames]),
    owned: fc.array(fc.record({ topic: fc.constantFrom(...topicNames), partition: fc.nat(10) }), { maxLength: 12 }),
    generation: fc.integer({ min: -1, max: 3 }),
  })

const membersOf = (ids: readonly string[]): fc.Arbitrary<Subscriber[]> => fc.tuple(...ids.map((id) => member(id)))
const group = fc.record({ members: fc.subarray([...memberNames]).chain(membersOf), counts })

const list = (assignments: Assignments, memberId: string): TopicPartition[] =>
  [...(assignments.get(memberId) ?? [])].flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  )

const name = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** What honest members do with an assignment: they drop what it takes away, take what it adds, and join again. */
const obey = (members: readonly Subscriber[], assignments: Assignments, generation: number): Subscriber[] =>
  members.map((each) => ({ ...each, owned: list(assignments, each.memberId), generation }))

const settle = (members: readonly Subscriber[], partitions: PartitionCounts) => {
  const first = assignCooperatively(members, partitions)
  const between = obey(members, first, 10)
  const second = assignCooperatively(between, partitions)
  return { first, second, between, settled: obey(between, second, 11) }
}

const expected = (members: readonly Subscriber[], partitions: PartitionCounts): string[] =>
  [...partitions].flatMap(([topic, count]) =>
    members.some(({ topics }) => topics.includes(topic))
      ? Array.from({ length: count }, (_, partition) => name({ topic, partition }))
      : [],
  )

test('after two generations every partition of a subscribed topic has one owner, and the third changes nothing', () => {
  fc.assert(
    fc.property(group, ({ members, counts: partitions }) => {
      const { second, settled } = settle(members, partitions)
      const all = members.flatMap(({ memberId }) => list(second, memberId).map(name))
      assert.deepEqual(all.sort(), expected(members, partitions).sort())
      assert.deepEqual(assignCooperatively(settled, partitions), second)
    }),
  )
})

test('a partition only goes to a member that subscribes to its topic, and to one member', () => {
  fc.assert(
    fc.property(group, ({ members, counts: partitions }) => {
      const { first } = settle(members, partitions)
      const all = members.flatMap(({ memberId }) => list(first, memberId).map(name))
      assert.equal(new Set(all).size, all.length)
      for (const { memberId, topics } of members) {
        for (const { topic } of list(first, memberId)) assert.ok(topics.includes(topic))
      }
    }),
  )
})

test('what another member still claims is given to nobody, unless to the one whose newer generation owns it', () => {
  fc.assert(
    fc.property(group, ({ members, counts: partitions }) => {
      const first = assignCooperatively(members, partitions)
      const claims = (each: Subscriber, what: TopicPartition): boolean => each.owned.map(name).includes(name(what))
      for (const mine of members) {
        for (const given of list(first, mine.memberId)) {
          for (const other of members) {
            if (other === mine || !claims(other, given)) continue
            assert.ok(claims(mine, given) && mine.generation > other.generation, `${name(given)} has two owners`)
          }
        }
      }
    }),
  )
})

test('the second generation takes nothing away: only moved partitions are interrupted', () => {
  fc.assert(
    fc.property(group, ({ members, counts: partitions }) => {
      const { between, second } = settle(members, partitions)
      for (const { memberId, owned } of between) {
        const after = new Set(list(second, memberId).map(name))
        for (const each of owned) assert.ok(after.has(name(each)), `${memberId} lost ${name(each)}`)
      }
    }),
  )
})

/** By Bellman-Ford over loads: no chain of moves leads from a member to one with two partitions fewer. */
function assertBalanced(members: readonly Subscriber[], assignments: Assignments): void {
  const load = (each: Subscriber): number => list(assignments, each.memberId).length
  for (const start of members) {
    const reached = new Set([start])
    for (const from of reached) {
      for (const { topic } of list(assignments, from.memberId)) {
        for (const to of members) if (to.topics.includes(topic)) reached.add(to)
      }
    }
    for (const end of reached) assert.ok(load(start) <= load(end) + 1, `${start.memberId} has too much`)
  }
}

test('nobody ends with two partitions more than a member that could take one, even through others', () => {
  fc.assert(
    fc.property(group, ({ members, counts: partitions }) => {
      assertBalanced(members, settle(members, partitions).second)
    }),
  )
})

test('members that share all topics keep as much as balance allows', () => {
  const shared = fc.record({
    ids: fc.subarray([...memberNames], { minLength: 1 }),
    count: fc.nat(40),
    owners: fc.array(fc.nat(6), { minLength: 40, maxLength: 40 }),
  })
  fc.assert(
    fc.property(shared, ({ ids, count, owners }) => {
      const members = ids.map((memberId, index): Subscriber => {
        const owned = owners.flatMap((owner, partition) => (owner === index ? [{ topic: 'a', partition }] : []))
        return { memberId, instanceId: null, topics: ['a'], owned, generation: 1 }
      })
      const partitions = new Map([['a', count]])
      const first = assignCooperatively(members, partitions)
      const had = (each: Subscriber): TopicPartition[] => each.owned.filter(({ partition }) => partition < count)
      const least = Math.floor(count / ids.length)
      const loads = members.map((each) => had(each).length).sort((a, b) => b - a)
      // The members with the most may keep one more each, as many of them as there are extra partitions.
      const most = loads.map((load, index) => Math.min(load, least + (index < count % ids.length ? 1 : 0)))
      const kept = members.map((each) => {
        const now = new Set(list(first, each.memberId).map(name))
        return had(each).filter((one) => now.has(name(one))).length
      })
      assert.equal(
        kept.reduce((sum, each) => sum + each, 0),
        most.reduce((sum, each) => sum + each, 0),
      )
    }),
  )
})

test('the order of members, topics and claims does not matter', () => {
  fc.assert(
    fc.property(group, ({ members, counts: partitions }) => {
      const turned = members.map((each) => ({
        ...each,
        topics: each.topics.toReversed(),
        owned: each.owned.toReversed(),
      }))
      const reversed = assignCooperatively(turned.toReversed(), new Map([...partitions].toReversed()))
      assert.deepEqual(reversed, assignCooperatively(members, partitions))
    }),
  )
})

test('a claim of an older generation loses, and of two with the same generation neither is believed', () => {
  const claim = (memberId: string, generation: number): Subscriber => ({
    memberId,
    instanceId: null,
    topics: ['a'],
    owned: [{ topic: 'a', partition: 0 }],
    generation,
  })
  const partitions = new Map([['a', 1]])
  const newer = assignCooperatively([claim('m1', 3), claim('m2', 4)], partitions)
  assert.deepEqual([list(newer, 'm1'), list(newer, 'm2')], [[], [{ topic: 'a', partition: 0 }]])
  const equal = assignCooperatively([claim('m1', 4), claim('m2', 4)], partitions)
  assert.deepEqual([list(equal, 'm1'), list(equal, 'm2')], [[], []])
})
