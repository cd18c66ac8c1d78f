// What happens to brokers and topics under a running agent: it goes on without a restart, and what the brokers kept
// comes out.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Snapshot } from '../../src/engine/snapshot.ts'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed, tallyOf } from '../support/numbered-feed.ts'
import { ownCluster, ownKafka } from '../support/own-kafka.ts'
import { waitFor } from '../support/wait-for.ts'

interface Scene {
  readonly kafka: TestKafka
  readonly agent: TestAgent
  readonly input: string
  readonly output: string
  readonly group: string
  readonly feed: NumberedFeed
  /** The Calculator's pid. */
  readonly calculator: number
}

const PARTITIONS = [0, 1, 2]

async function begun(t: TestContext, kafka: TestKafka, env: Readonly<Record<string, string>>): Promise<Scene> {
  const topics = await streamTopics(kafka, PARTITIONS.length)
  const agent = await startStream(t, kafka, { ...topics, calculator: ['cat'], env })
  const feed = new NumberedFeed(t, kafka, topics.input, { partitions: PARTITIONS, pace: 2_000 })
  const scene = { kafka, agent, ...topics, feed, calculator: await agent.calculator() }
  await flows(scene)
  return scene
}

/** Resolves when every partition of the output has more records than now, or than when its brokers answer again. */
async function flows({ kafka, output }: Scene): Promise<void> {
  const ends = (): Promise<number[]> => kafka.endOffsets(output)
  const before = await waitFor('offsets', ends, { timeout: 60_000, every: 100 })
  const isMore = async (): Promise<boolean> =>
    (await ends()).every((offset, partition) => offset > (before[partition] ?? 0) + 100)
  await waitFor('records in every partition', isMore, { timeout: 60_000, every: 100 })
}

/** Everything that was acknowledged came out, and nothing had to be started again for it. */
async function complete(t: TestContext, scene: Scene): Promise<void> {
  const { kafka, agent, input, output, group, feed } = scene
  await feed.stop()
  await noLag(kafka, group, input)
  const [came, went] = [await tallyOf(kafka, input), await tallyOf(kafka, output)]
  const stored = came.compare(feed)
  assert.equal(stored.missing, 0, `the brokers lost ${stored.missing} of ${feed.total}`)
  const { missing, repeated } = went.compare(feed)
  assert.equal(missing, 0, `${missing} of ${feed.total} are missing`)
  t.diagnostic(`${feed.total} records, ${stored.repeated} of them twice in the input, ${repeated} twice in the output`)
  assert.equal(await agent.calculator(), scene.calculator)
  assert.ok(agent.log.every(({ event }) => event !== 'runtime.warning'))
  assert.equal(await agent.stop(), 0)
}

test('the only broker is stopped and started', { timeout: 240_000 }, async (t) => {
  const own = await ownKafka(t)
  await own.start()
  const scene = await begun(t, new TestKafka(t, own.broker), { PROTOCOL: 'one-to-one' })
  const { agent } = scene
  await own.stop()
  // The output has something to tell only where answers wait to be stored.
  const isTold = ({ streams: [stream] }: Snapshot): boolean =>
    stream?.input.error?.startsWith('cannot') === true &&
    (stream.inFlight === 0 || stream.output.error?.startsWith('cannot') === true)
  await agent.waitForStatus('a word about both sides', isTold, 60_000)
  assert.equal((await agent.get('/livez')).status, 200)
  await own.start()
  await flows(scene)
  await agent.waitForStatus('health', ({ agent: { state } }) => state === 'running', 60_000)
  await complete(t, scene)
})

test('of three brokers a leader is killed, and comes back', { timeout: 300_000 }, async (t) => {
  const cluster = await ownCluster(t)
  await cluster.start()
  const kafka = new TestKafka(t, cluster.brokers)
  const scene = await begun(t, kafka, { PROTOCOL: 'one-to-one' })
  const partitions = async (topic: string): Promise<{ leader: number; isr: number[] }[]> =>
    (await (await kafka.admin()).fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions ?? []
  const all = async (): Promise<{ leader: number; isr: number[] }[]> =>
    (await Promise.all([scene.input, scene.output].map(partitions))).flat()
  // Each of the three leads one partition of each topic, unless a broker that is slow today was taken for dead.
  const leader = await waitFor('a leader of both', async () => {
    const [inputs, outputs] = await Promise.all([scene.input, scene.output].map(partitions))
    return inputs?.find((one) => one.leader > 0 && outputs?.some((other) => other.leader === one.leader))?.leader
  })
  await cluster.node(leader).kill()
  const isReplaced = async (): Promise<boolean> =>
    (await all()).every((partition) => partition.leader !== leader && partition.leader > 0)
  await waitFor('other leaders', isReplaced, { timeout: 60_000, every: 100 })
  await flows(scene)
  await cluster.node(leader).start()
  const isWhole = async (): Promise<boolean> => (await all()).every(({ isr }) => isr.length === 3)
  await waitFor('all replicas in sync', isWhole, { timeout: 90_000, every: 200 })
  await flows(scene)
  await complete(t, scene)
})

test('a topic gets more partitions, and the output too', { timeout: 300_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const scene = await begun(t, kafka, { PROTOCOL: 'one-to-one' })
  // Whoever wants only what is written from now on wants all that is written to a partition that is made later.
  const late = { input: scene.input, output: await kafka.createTopic(3), group: kafka.groupId() }
  const follower = await startStream(t, kafka, { ...late, calculator: ['cat'], env: { INPUT_FROM: 'latest' } })
  await waitFor('its start', () => follower.log.filter(({ event }) => event === 'kafka.start').length >= 3)
  const topicPartitions = [scene.input, scene.output].map((topic) => ({ topic, count: PARTITIONS.length + 2 }))
  await (await kafka.admin()).createPartitions({ topicPartitions })
  const added = new NumberedFeed(t, kafka, scene.input, { partitions: [3, 4], pace: 1_000 })
  for (const agent of [scene.agent, follower]) {
    await agent.waitForStatus('all of them', ({ streams }) => streams[0]?.input.assigned.length === 5, 60_000)
  }
  await added.stop()
  await complete(t, scene)
  await noLag(kafka, late.group, late.input)
  for (const output of [scene.output, late.output]) {
    const { missing } = (await tallyOf(kafka, output)).compare(added)
    assert.equal(missing, 0, `${missing} of ${added.total} are missing`)
  }
  assert.equal(await follower.stop(), 0)
})

/** Deletes the topic and makes it again, empty. */
async function makeAnew(kafka: TestKafka, topic: string, partitions: number): Promise<void> {
  const admin = await kafka.admin()
  await admin.deleteTopics({ topics: [topic], timeout: 30_000 })
  await waitFor(`the end of ${topic}`, async () => !(await admin.listTopics()).includes(topic))
  await kafka.createTopic(partitions, { name: topic })
}

for (const protocol of ['relay', 'one-to-one'] as const) {
  test(`${protocol}: topics are deleted and made anew, longer than before`, { timeout: 300_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const topics = await streamTopics(kafka, 2)
    const { input, output, group } = topics
    const env = { PROTOCOL: protocol, CHECKPOINT_INTERVAL: '200ms' }
    const agent = await startStream(t, kafka, { ...topics, calculator: ['cat'], env })
    const write = async (word: string, count: number): Promise<Set<string>> => {
      const values = Array.from({ length: count }, (_, i) => `${word} ${i}`)
      await kafka.produce(input, values.map((value, i) => ({ value, partition: i % 2 }))) // prettier-ignore
      return new Set(values)
    }
    const comesOut = async (expected: ReadonlySet<string>): Promise<void> => {
      const isThere = async (): Promise<boolean> => {
        const found = new Set((await kafka.readTopic(output)).map(({ value }) => String(value)))
        return [...expected].every((value) => found.has(value))
      }
      await waitFor(`${expected.size} records`, isThere, { timeout: 60_000, every: 200 })
    }
    await comesOut(await write('old', 1_000))
    await noLag(kafka, group, input)
    await makeAnew(kafka, input, 2)
    await comesOut(await write('new', 4_000))
    await noLag(kafka, group, input)
    assert.ok(agent.log.some(({ event }) => event === 'kafka.topic-anew'))

    await makeAnew(kafka, output, 2)
    await comesOut(await write('newer', 500))
    await noLag(kafka, group, input)
    assert.deepEqual(await kafka.committed(group, input), [2_250, 2_250])
    assert.ok(agent.log.every(({ event }) => event !== 'runtime.warning'))
    assert.equal(await agent.stop(), 0)
  })
}
