// Replicas of one consumer group whose run documents change one after the other: for a while they want different topics.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streams, Workspace } from '../fixtures/e2e-consul.ts'
import { noLag } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed, tallyOf } from '../support/numbered-feed.ts'

test(
  'three replicas move from one topic to another, and then to both: none is lost',
  { timeout: 300_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const [one, two, output] = [await kafka.createTopic(4), await kafka.createTopic(3), await kafka.createTopic(4)]
    const group = kafka.groupId()
    const replicas = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const space = new Workspace(t, kafka)
        const become = (inputs: readonly string[]): Promise<number> =>
          space.publish(streams(inputs, output, { bin: 'cat', protocol: 'one-to-one' }))
        await become([one])
        const agent = await space.start({ KAFKA_CONSUMER_GROUP: group, INSTANCE_ID: name, LOG_LEVEL: 'debug' })
        return { space, agent, become }
      }),
    )
    await Promise.all(replicas.map(({ agent }) => agent.calculator()))
    const feeds = [
      new NumberedFeed(t, kafka, one, { partitions: [0, 1, 2, 3], pace: 2_000 }),
      new NumberedFeed(t, kafka, two, { partitions: [0, 1, 2], pace: 2_000 }),
    ]
    await kafka.waitForRecords(output, 1000)
    // After the first round nobody reads topic one for a while; each change comes while the last one is hardly over.
    for (const inputs of [[two], [one, two]]) {
      for (const { space, agent, become } of replicas) {
        await space.inForce(agent, await become(inputs))
        await kafka.waitForRecords(output, (await kafka.endOffsets(output)).reduce((a, b) => a + b, 0) + 200)
      }
    }
    for (const feed of feeds) {
      await feed.stop()
      await noLag(kafka, group, feed.topic)
    }
    const tally = await tallyOf(kafka, output)
    for (const feed of feeds) {
      const { missing, repeated } = tally.compare(feed)
      assert.equal(missing, 0, `${missing} of ${feed.total} are missing`)
      t.diagnostic(`${feed.total} records, ${repeated} of them twice`)
    }
    for (const { agent } of replicas) {
      assert.ok(agent.log.every(({ event }) => event !== 'runtime.warning'))
      assert.equal(await agent.stop(), 0)
    }
  },
)
