// What the receiver of a source is told, whatever it makes of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { Receiver, startSource } from './rig.ts'

test('a receiver that fails to let go is told of all that comes after it', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  const receiver = new Receiver()
  const { source } = await startSource(t, { groupId: broker.groupId(), topics: [topic] }, receiver)
  await waitFor('the records', () => receiver.records === 3)
  receiver.onRevoked = () => Promise.reject(new Error('cannot drain'))
  await assert.rejects(source.revoked([{ topic, partition: 0 }]), /cannot drain/)
  assert.deepEqual(source.health().assigned, [], 'it is not ours any more')
  receiver.onRevoked = () => Promise.resolve()
  source.assigned([{ topic, partition: 0 }])
  await waitFor('the records again', () => receiver.records === 6)
  await source.revoked([{ topic, partition: 0 }])
  assert.equal(receiver.revocations.length, 2)
})
