import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { scriptedSource } from './scripted-membership.ts'

test('who comes back while the leaving is not answered yet keeps what the new membership gives', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, [{ value: 'line 0' }])
  const { source, receiver, memberships } = await scriptedSource(t, { topic })
  const at = { topic, partition: 0 }
  const [first] = memberships
  assert.ok(first)
  first.owner.assigned([at])
  await waitFor('the record', () => receiver.records === 1)
  const left = Promise.withResolvers<undefined>()
  first.onLeave = () => left.promise
  const aside = source.standAside()
  await waitFor('the end of the first membership', () => !first.joined)
  source.comeBack()
  const second = await waitFor('the second membership', () => memberships[1])
  second.last = { offset: 1, leaderEpoch: 0 }
  second.owner.assigned([at])
  left.resolve(undefined)
  await aside
  assert.deepEqual(source.health().assigned, [at])
  await broker.produce(topic, [{ value: 'line 1' }])
  await waitFor('the next record', () => receiver.texts.at(-1) === '0:1:line 1')
})

test('what a rebalance gave while its membership ended is not owned under the next', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const { source, receiver, memberships } = await scriptedSource(t, { topic })
  const [first] = memberships
  assert.ok(first)
  receiver.onRevoked = () => {
    first.owner.assigned([{ topic, partition: 0 }])
    receiver.onRevoked = () => Promise.resolve()
    return Promise.resolve()
  }
  const aside = source.standAside()
  source.comeBack()
  await aside
  await waitFor('the second membership', () => memberships[1])
  await waitFor('nothing', () => source.health().assigned.length === 0)
})
