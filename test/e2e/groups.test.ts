// All workspaces share the default consumer group, each with topics of its own; replicas of a workspace share its topics.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Feed } from '../fixtures/e2e-feed.ts'
import { noLag, startStream } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { nothingMissing } from '../support/records.ts'

/** What KAFKA_CONSUMER_GROUP is when nobody sets it. */
const DEFAULT_GROUP = 'bdz_default_sg'
const PROTOCOLS = ['relay', 'one-to-one'] as const

interface Workspace {
  readonly node: string
  readonly input: string
  readonly output: string
  readonly feed: Feed
}

async function workspace(t: TestContext, kafka: TestKafka, node: string, partitions: number): Promise<Workspace> {
  const input = await kafka.createTopic(partitions)
  const output = await kafka.createTopic(partitions)
  return { node, input, output, feed: new Feed(t, kafka, input, 5) }
}

const start = (
  t: TestContext,
  kafka: TestKafka,
  { node, input, output }: Workspace,
  env: Readonly<Record<string, string>>,
): Promise<TestAgent> =>
  startStream(t, kafka, {
    ...{ input, output, group: '', calculator: ['cat'] },
    env: { NODE_ID: node, KAFKA_SESSION_TIMEOUT: '6s', LOG_LEVEL: 'info', ...env },
  })

/** The input partitions that it has, once it has `count` of them. */
async function owns(agent: TestAgent, topic: string, count: number): Promise<void> {
  const { streams } = await agent.waitForStatus(
    `${count} partitions`,
    (status) => status.streams[0]?.input.assigned.length === count,
    30_000,
  )
  for (const partition of streams[0]?.input.assigned ?? []) assert.equal(partition.topic, topic)
}

/** Resolves when `count` more records came out, so that the stream is known to flow now. */
async function flows(kafka: TestKafka, { output }: Workspace, count = 100): Promise<void> {
  const before = (await kafka.endOffsets(output)).reduce((a, b) => a + b, 0)
  await kafka.waitForRecords(output, before + count)
}

/** Ends the feed and compares; gives the number of duplicates. */
async function complete(kafka: TestKafka, { feed, input, output }: Workspace): Promise<number> {
  await feed.stop()
  await noLag(kafka, DEFAULT_GROUP, input)
  const found = (await kafka.readTopic(output)).map(({ value }) => value ?? Buffer.alloc(0))
  const sent = feed.sent.map((value) => Buffer.from(value))
  assert.ok(sent.length > 200, `${sent.length} records`)
  return nothingMissing(found, sent)
}

for (const protocol of PROTOCOLS) {
  test(
    `${protocol}: two workspaces in the default group, while the other comes and goes`,
    { timeout: 300_000 },
    async (t) => {
      const kafka = new TestKafka(t)
      const env = { PROTOCOL: protocol }
      const [one, two] = [await workspace(t, kafka, 'one', 3), await workspace(t, kafka, 'two', 2)]
      const steady = await start(t, kafka, one, env)
      await owns(steady, one.input, 3)
      await flows(kafka, one)
      // Comes, leaves in order, comes again, is killed, comes again: the first goes on each time.
      for (const end of ['SIGTERM', 'SIGKILL'] as const) {
        const other = await start(t, kafka, two, env)
        await owns(other, two.input, 2)
        await Promise.all([flows(kafka, one), flows(kafka, two)])
        await owns(steady, one.input, 3)
        other.signal(end)
        const { code } = await other.exit()
        assert.equal(code, end === 'SIGTERM' ? 0 : null)
        await flows(kafka, one)
      }
      const other = await start(t, kafka, two, env)
      await owns(other, two.input, 2)
      await Promise.all([flows(kafka, one), flows(kafka, two)])
      const duplicates = [await complete(kafka, one), await complete(kafka, two)]
      assert.equal(await steady.stop(), 0)
      assert.equal(await other.stop(), 0)
      t.diagnostic(
        `${one.feed.sent.length} and ${two.feed.sent.length} records, duplicates: ${duplicates.join(' and ')}`,
      )
    },
  )

  test(`${protocol}: replicas of a workspace share its partitions, come and go`, { timeout: 300_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const shared = await workspace(t, kafka, 'shared', 4)
    const env = { PROTOCOL: protocol }
    const first = await start(t, kafka, shared, { ...env, INSTANCE_ID: 'first' })
    await owns(first, shared.input, 4)
    await flows(kafka, shared)
    const second = await start(t, kafka, shared, { ...env, INSTANCE_ID: 'second' })
    await Promise.all([owns(first, shared.input, 2), owns(second, shared.input, 2)])
    await flows(kafka, shared)
    assert.equal(await first.stop(), 0)
    await owns(second, shared.input, 4)
    await flows(kafka, shared)
    const duplicates = await complete(kafka, shared)
    assert.equal(await second.stop(), 0)
    t.diagnostic(`${shared.feed.sent.length} records, ${duplicates} duplicates`)
  })
}
