import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assign, type Assignments, type Subscriptions } from '../../src/kafka/assign.ts'

const topicNames = ['a', 'b', 'c', 'd'] as const
const group = fc.record({
  subscriptions: fc.dictionary(fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5'), fc.subarray([...topicNames]), {
    noNullPrototype: true,
  }),
  counts: fc.dictionary(fc.constantFrom(...topicNames), fc.nat(12), { noNullPrototype: true }),
})

const run = (group: { subscriptions: Record<string, string[]>; counts: Record<string, number> }) => {
  const subscriptions: Subscriptions = new Map(Object.entries(group.subscriptions))
  const counts = new Map(Object.entries(group.counts))
  return { subscriptions, counts, assignments: assign(subscriptions, counts) }
}

const owned = (assignments: Assignments): { member: string; topic: string; partition: number }[] =>
  [...assignments].flatMap(([member, topics]) =>
    [...topics].flatMap(([topic, partitions]) => partitions.map((partition) => ({ member, topic, partition }))),
  )

test('every partition of a subscribed topic has exactly one owner, and the owner subscribes to it', () => {
  fc.assert(
    fc.property(group, (each) => {
      const { subscriptions, counts, assignments } = run(each)
      const all = owned(assignments)
      for (const { member, topic } of all) assert.ok(subscriptions.get(member)?.includes(topic))
      const expected = [...counts].flatMap(([topic, count]) =>
        [...subscriptions.values()].some((topics) => topics.includes(topic))
          ? Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)
          : [],
      )
      assert.deepEqual(all.map(({ topic, partition }) => `${topic}/${partition}`).sort(), expected.sort())
    }),
  )
})

test('no subscriber of a topic has two partitions less than the owner of one of its partitions', () => {
  fc.assert(
    fc.property(group, (each) => {
      const { subscriptions, assignments } = run(each)
      const all = owned(assignments)
      const load = (member: string): number => all.filter((entry) => entry.member === member).length
      for (const { member, topic } of all) {
        for (const [other, topics] of subscriptions) {
          if (topics.includes(topic)) assert.ok(load(member) <= load(other) + 1, `${member} has too much of ${topic}`)
        }
      }
    }),
  )
})

test('the order of members and topics does not matter', () => {
  fc.assert(
    fc.property(group, ({ subscriptions, counts }) => {
      const reversed = (object: Record<string, never>): Record<string, never> =>
        Object.fromEntries(Object.entries(object).reverse())
      const turned = {
        subscriptions: reversed(subscriptions as Record<string, never>),
        counts: reversed(counts as Record<string, never>),
      }
      assert.deepEqual(owned(run({ subscriptions, counts }).assignments), owned(run(turned).assignments))
    }),
  )
})

test('a member without partitions is told so', () => {
  const assignments = assign(
    new Map([
      ['m1', ['a']],
      ['m2', ['a']],
    ]),
    new Map([['a', 1]]),
  )
  assert.deepEqual(
    [...assignments].map(([member, topics]) => [member, topics.size]),
    [
      ['m1', 1],
      ['m2', 0],
    ],
  )
})
