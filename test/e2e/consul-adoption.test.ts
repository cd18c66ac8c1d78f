// Documents that change topics and Calculator while records flow: each is in force in time, and nothing is lost.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { streams, tagger, valuesIn, Workspace } from '../fixtures/e2e-consul.ts'
import { Feed } from '../fixtures/e2e-feed.ts'
import { TestKafka } from '../support/kafka.ts'
import { nothingMissing } from '../support/records.ts'
import { Stalls } from '../support/stalls.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/**
 * ADOPTION_GRACEPERIOD, SHUTDOWN_GRACEPERIOD, and a second; and half of one, for Python, Kafka and Consul have stalls
 * that nobody sees.
 */
const LIMIT = 7_500

const protocols = ['relay', 'one-to-one'] as const

for (const protocol of protocols) {
  test(`${protocol}: output topic, input topics and arguments change under load, and no record is lost`, async (t) => {
    const kafka = new TestKafka(t)
    const space = new Workspace(t, kafka)
    const [first, second] = [await kafka.createTopic(2), await kafka.createTopic(2)]
    const [oldOutput, output] = [await kafka.createTopic(2), await kafka.createTopic(2)]
    const group = kafka.groupId()
    const [v1, v2] = [tagger('v1', { protocol }), tagger('v2', { protocol })]
    await space.publish(streams([first], oldOutput, v1))
    const agent = await space.start({ KAFKA_CONSUMER_GROUP: group })
    const feeds = [new Feed(t, kafka, first, 50), new Feed(t, kafka, second, 50)]
    await kafka.waitForRecords(oldOutput, 20)
    const pid = await agent.calculator()
    const stalls = new Stalls(t, agent)

    const change = async (
      document: Parameters<typeof space.publish>[0],
      effect: () => Promise<boolean>,
    ): Promise<void> => {
      const took = await stalls.timed(async () => space.inForce(agent, await space.publish(document)))
      t.diagnostic(`in force after ${Math.round(took)} ms`)
      assert.ok(took < LIMIT, `in force after ${took} ms`)
      // Not within the limit: to see it takes another consumer group and the whole topic.
      await waitFor('the effect', effect, { every: 50 })
    }
    const total = async (topic: string): Promise<number> => (await kafka.endOffsets(topic)).reduce((a, b) => a + b, 0)
    const seen = async (word: string): Promise<boolean> =>
      (await valuesIn(kafka, output)).some((value) => value.startsWith(word))

    await change(streams([first], output, v1), async () => (await total(output)) > 0)
    const old = await total(oldOutput)
    await change(streams([second], output, v1), () => seen(`v1 ${second}`))
    assert.equal(await agent.calculator(), pid, 'other topics are no reason to restart the Calculator')
    await change(streams([second], output, v2), () => seen('v2'))
    assert.notEqual(await agent.calculator(), pid)
    // What the first topic got meanwhile was not ours to read: it is still there.
    await change(streams([first, second], output, v2), () => seen(`v2 ${first}`))
    await Promise.all(feeds.map((feed) => feed.stop()))
    const settled = async (): Promise<boolean> =>
      (await kafka.lag(group, first)) + (await kafka.lag(group, second)) === 0
    await waitFor('no lag', settled, { every: 200 })

    assert.equal(await total(oldOutput), old, 'nothing goes to the old topic once the new one is in force')
    const answers = [...(await valuesIn(kafka, oldOutput)), ...(await valuesIn(kafka, output))]
    const plain = answers.map((value) => Buffer.from(value.replace(/^v\d /, '')))
    const sent = feeds.flatMap((feed) => feed.sent.map((value) => Buffer.from(value)))
    t.diagnostic(`${sent.length} records, ${nothingMissing(plain, sent)} answered twice`)
    assert.equal(await agent.stop(), 0)
  })
}

test(
  'each change is in force in time also with a Calculator that is busy on one record',
  { concurrency: true },
  async (t) => {
    for (const protocol of protocols) {
      void t.test(protocol, async (t) => {
        const kafka = new TestKafka(t)
        const space = new Workspace(t, kafka)
        const [first, second] = [await kafka.createTopic(1), await kafka.createTopic(1)]
        const [oldOutput, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
        const group = kafka.groupId()
        const more = { protocol, stubborn: protocol === 'relay' }
        const [v1, v2] = [tagger('v1', more), tagger('v2', more)]
        const folder = tempDir(t)
        const values = [`busy ${folder}`, 'one', 'two']
        for (const topic of [first, second])
          await kafka.produce(
            topic,
            values.map((value) => ({ value: `${value} ${topic}` })),
          )
        await space.publish(streams([first], oldOutput, v1))
        const agent = await space.start({ KAFKA_CONSUMER_GROUP: group })
        const stalls = new Stalls(t, agent)

        const change = async (document: Parameters<typeof space.publish>[0]): Promise<void> => {
          await agent.waitForStatus(
            'a record in flight',
            ({ streams: [stream] }) => stream?.phase === 'feeding' && stream.inFlight > 0,
          )
          const took = await stalls.timed(async () => space.inForce(agent, await space.publish(document)))
          t.diagnostic(`in force after ${Math.round(took)} ms`)
          assert.ok(took < LIMIT, `in force after ${took} ms`)
        }
        await change(streams([first], output, v1))
        assert.equal((await agent.status()).streams[0]?.output.topic, output)
        await change(streams([second], output, v1))
        assert.deepEqual((await agent.status()).streams[0]?.input.topics, [second])
        const left = await agent.waitForEvent('stream.left-behind')
        assert.deepEqual([left['topic'], left['partition'], left['offset']], [first, 0, 0])
        await change(streams([second], output, v2))
        rmSync(folder, { recursive: true })
        await space.inForce(agent, await space.publish(streams([first, second], output, v2)))
        const settled = async (): Promise<boolean> =>
          (await kafka.lag(group, first)) + (await kafka.lag(group, second)) === 0
        await waitFor('no lag', settled, { every: 200 })
        assert.deepEqual(await valuesIn(kafka, oldOutput), [], 'no late answer reaches the old topic')
        const answers = await valuesIn(kafka, output)
        const expected = [first, second].flatMap((topic) => values.map((value) => `v2 ${value} ${topic}`))
        assert.deepEqual(answers.sort(), expected.sort())
        assert.equal(await agent.stop(), 0)
      })
    }
    await Promise.resolve()
  },
)
