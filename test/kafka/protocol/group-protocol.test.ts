import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AssignerProtocol } from 'kafkajs'
import { AgentError } from '../../../src/domain/errors.ts'
import { decodeAssignment, encodeAssignment } from '../../../src/kafka/protocol/assignment.ts'
import { decodeSubscription, encodeSubscription } from '../../../src/kafka/protocol/subscription.ts'

const topicName = fc.stringMatching(/^[a-z.ä-]{1,12}$/)
const topics = fc
  .dictionary(topicName, fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 8 }), {
    noNullPrototype: true,
    maxKeys: 6,
  })
  .map((object) => new Map(Object.entries(object)))
const flat = (map: ReadonlyMap<string, readonly number[]>) =>
  [...map].flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })))

test('a subscription is read as it was written', () => {
  const subscription = fc.record(
    {
      topics: fc.uniqueArray(topicName),
      owned: topics.map(flat),
      generation: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      counts: fc
        .uniqueArray(fc.tuple(topicName, fc.nat()), { selector: ([name]) => name })
        .map((each) => new Map(each)),
    },
    { noNullPrototype: true },
  )
  fc.assert(fc.property(subscription, (each) => assert.deepEqual(decodeSubscription(encodeSubscription(each)), each)))
})

test('an assignment is read as it was written, by kafkajs too, and kafkajs by us', () => {
  fc.assert(
    fc.property(topics, (each) => {
      const encoded = encodeAssignment(each)
      assert.deepEqual(decodeAssignment(encoded), flat(each))
      assert.deepEqual(AssignerProtocol.MemberAssignment.decode(encoded)?.assignment, Object.fromEntries(each))
      const assignment = { version: 0, assignment: Object.fromEntries(each), userData: Buffer.alloc(0) }
      assert.deepEqual(decodeAssignment(AssignerProtocol.MemberAssignment.encode(assignment)), flat(each))
    }),
  )
  assert.deepEqual(decodeAssignment(Buffer.alloc(0)), [])
})

test("kafkajs finds the topics in our subscription, and we in kafkajs's, which owns nothing", () => {
  const counts = new Map([['a', 3]])
  const ours = encodeSubscription({ topics: ['a', 'b'], owned: [{ topic: 'a', partition: 2 }], generation: 7, counts })
  assert.deepEqual(AssignerProtocol.MemberMetadata.decode(ours)?.topics, ['a', 'b'])
  // Version 1 has owned partitions; kafkajs leaves them out whatever it claims.
  for (const version of [0, 1]) {
    const theirs = AssignerProtocol.MemberMetadata.encode({ version, topics: ['c'], userData: Buffer.from('any') })
    assert.deepEqual(decodeSubscription(theirs), { topics: ['c'], owned: [], generation: -1, counts: new Map() })
  }
})

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const owned = '00000001 0001 61 00000001 00000002'

test('the generation of a version 1 subscription is in the user data, where Java and librdkafka have it', () => {
  const java = hex(`0001 00000001 0001 61 00000004 00000009 ${owned}`)
  assert.deepEqual(decodeSubscription(java), {
    topics: ['a'],
    owned: [{ topic: 'a', partition: 2 }],
    generation: 9,
    counts: new Map(),
  })
  const librdkafka = hex(`0001 00000001 0001 61 00000013 ${owned} 0000000a ${owned}`)
  assert.equal(decodeSubscription(librdkafka).generation, 10)
  const without = hex(`0001 00000001 0001 61 ffffffff ${owned}`)
  assert.equal(decodeSubscription(without).generation, -1)
})

test('a later version is read as far as it is known', () => {
  const later = Buffer.concat([hex(`0009 00000001 0001 61 00000000 ${owned} 00000005 0001 72`), Buffer.from('more')])
  assert.equal(decodeSubscription(later).generation, 5)
})

test('bytes that make no sense end in a typed error', () => {
  const valid = encodeSubscription({
    topics: ['a'],
    owned: [{ topic: 'a', partition: 1 }],
    generation: 1,
    counts: new Map(),
  })
  const mangled = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, value]) => valid.with(at, value)),
    fc.nat(valid.length).map((length) => valid.subarray(0, length)),
  )
  fc.assert(
    fc.property(mangled, (each) => {
      for (const decode of [decodeSubscription, decodeAssignment]) {
        try {
          decode(each)
        } catch (error) {
          assert.ok(error instanceof AgentError && error.code === 'FAILED', String(error))
        }
      }
    }),
  )
})
