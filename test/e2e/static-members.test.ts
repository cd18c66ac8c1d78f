// GROUP_INSTANCE_ID: whoever comes back within the session timeout finds its partitions, and the others do not notice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed, tallyOf } from '../support/numbered-feed.ts'
import { waitFor } from '../support/wait-for.ts'

/** What the agent says of its memberships, one after the other. */
const joins = (agent: TestAgent): { readonly generation: unknown; readonly added: readonly string[] }[] =>
  agent.log.flatMap(({ event, generation, added }) =>
    event === 'kafka.joined' ? [{ generation, added: (added as string[]).toSorted() }] : [],
  )

const generationOf = (agent: TestAgent): unknown => joins(agent).at(-1)?.generation

const owned = async (agent: TestAgent): Promise<number[]> =>
  (await agent.status()).streams[0]?.input.assigned.map(({ partition }) => partition).sort() ?? []

test(
  'static members restart, in order and killed, follower and leader: no rebalance',
  { timeout: 300_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const topics = await streamTopics(kafka, 4)
    const start = (name: string): Promise<TestAgent> =>
      startStream(t, kafka, {
        ...{ ...topics, calculator: ['cat'] },
        env: { PROTOCOL: 'one-to-one', INSTANCE_ID: name, GROUP_INSTANCE_ID: name, KAFKA_SESSION_TIMEOUT: '30s' },
      })
    const half = (agent: TestAgent): Promise<unknown> =>
      agent.waitForStatus('half of all', ({ streams }) => streams[0]?.input.assigned.length === 2, 60_000)
    const agents = { a: await start('a'), b: await start('b') }
    await Promise.all([half(agents.a), half(agents.b)])
    await waitFor('one generation', () => generationOf(agents.a) === generationOf(agents.b))
    const generation = generationOf(agents.a)
    const shares = { a: await owned(agents.a), b: await owned(agents.b) }
    const feed = new NumberedFeed(t, kafka, topics.input, { partitions: [0, 1, 2, 3], pace: 2_000 })

    // Whoever joined first leads: each comes back once of each kind, so that both do.
    for (const name of ['b', 'a'] as const) {
      for (const end of ['SIGTERM', 'SIGKILL'] as const) {
        const other = agents[name === 'a' ? 'b' : 'a']
        const told = joins(other).length
        agents[name].signal(end)
        await agents[name].exit()
        const again = (agents[name] = await start(name))
        await half(again)
        const out = await kafka.endOffsets(topics.output)
        const flows = async (): Promise<boolean> =>
          (await kafka.endOffsets(topics.output)).every((offset, partition) => offset > (out[partition] ?? 0) + 100)
        await waitFor('records of every partition', flows, { every: 100 })
        assert.deepEqual(joins(again), [{ generation, added: shares[name].map((each) => `${topics.input}/${each}`) }])
        assert.equal(joins(other).length, told, `${other === agents.a ? 'a' : 'b'} heard of ${end} to ${name}`)
        assert.deepEqual(await owned(other), shares[name === 'a' ? 'b' : 'a'])
      }
    }
    const { groups } = await (await kafka.admin()).describeGroups([topics.group])
    assert.deepEqual([groups[0]?.state, groups[0]?.members.length], ['Stable', 2])
    await feed.stop()
    await noLag(kafka, topics.group, topics.input)
    const { missing, repeated } = (await tallyOf(kafka, topics.output)).compare(feed)
    assert.equal(missing, 0, `${missing} of ${feed.total} are missing`)
    t.diagnostic(`${feed.total} records, ${repeated} of them twice`)
  },
)
