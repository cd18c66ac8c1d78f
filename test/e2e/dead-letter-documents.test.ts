// A run document names another dead-letter topic while a letter waits for one that cannot be made.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streams, tagger, valuesIn, Workspace, type RunDocument } from '../fixtures/e2e-consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'

/** Two of them are read at once, and looked at one after the other. */
const large = (text: string): string => text.padEnd(200 * 1024, '.')

test('the letter goes to the topic that the new document names, and nothing is read twice', async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [input, output, good] = [await kafka.createTopic(1), await kafka.createTopic(1), kafka.topicName('dead')]
  const group = kafka.groupId()
  // Kafka makes no topic whose name differs from another's in dots and underscores alone.
  const taken = kafka.topicName('dead_taken')
  await kafka.createTopic(1, { name: taken })
  const document = (topic: string): RunDocument & { readonly deadLetter: { readonly topic: string } } => ({
    ...streams([input], output, tagger('v1')),
    deadLetter: { topic },
  })
  await space.publish(document(taken.replace('_', '.')))
  const agent = await space.start({ KAFKA_CONSUMER_GROUP: group })
  await kafka.produce(input, [{ value: large('a') }, { value: large('no\nJSON') }, { value: 'b' }])
  await agent.waitForStatus('the letter that waits', ({ streams: [stream] }) =>
    /dead\.taken.*INVALID_TOPIC/.test(stream?.output.error ?? ''),
  )
  await kafka.waitForRecords(output, 1)
  await space.inForce(agent, await space.publish(document(good)))
  await waitFor('everything is committed', async () => (await kafka.committed(group, input))[0] === 3)
  const heads = async (topic: string): Promise<string[]> =>
    (await valuesIn(kafka, topic)).map((value) => value.split('.')[0] ?? '')
  assert.deepEqual([await heads(output), await heads(good)], [['v1 a', 'v1 b'], ['no\nJSON']])
  assert.equal(await agent.stop(), 0)
})
