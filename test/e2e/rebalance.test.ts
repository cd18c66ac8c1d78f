// Replicas come and go under load: nothing is missing, and what stays with its owner goes on as if nothing had happened.
import assert from 'node:assert/strict'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { noLag, startStream } from '../fixtures/e2e-stream.ts'
import type { LogLine, TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed, tallyOf, type Lane } from '../support/numbered-feed.ts'
import { waitFor } from '../support/wait-for.ts'

const PARTITIONS = 8
/** At least so many go through; a larger number makes a harder run. */
const RECORDS = Number(process.env['REBALANCE_RECORDS'] ?? 200_000)
/** About the time that the changes take. */
const SECONDS = 14
const SESSION = '6s'

type Name = 'first' | 'second' | 'third' | 'added'

/** Starts replicas of one workspace. */
class Group {
  readonly input: string
  readonly output: string
  readonly id: string
  readonly #t: TestContext
  readonly #kafka: TestKafka

  private constructor(t: TestContext, kafka: TestKafka, input: string, output: string) {
    this.#t = t
    this.#kafka = kafka
    this.input = input
    this.output = output
    this.id = kafka.groupId()
  }

  static async with(t: TestContext, kafka: TestKafka): Promise<Group> {
    // The brokers' clock says when a record came in and when its answer came out.
    const config = { 'message.timestamp.type': 'LogAppendTime' }
    const topics = [await kafka.createTopic(PARTITIONS, { config }), await kafka.createTopic(PARTITIONS, { config })]
    return new Group(t, kafka, topics[0] ?? '', topics[1] ?? '')
  }

  start(name: Name): Promise<TestAgent> {
    const { input, output, id } = this
    return startStream(this.#t, this.#kafka, {
      ...{ input, output, group: id, calculator: ['cat'] },
      env: { PROTOCOL: 'one-to-one', INSTANCE_ID: name, KAFKA_SESSION_TIMEOUT: SESSION },
    })
  }
}

const owned = async (agent: TestAgent): Promise<number[]> =>
  (await agent.status()).streams[0]?.input.assigned.map(({ partition }) => partition) ?? []

/** Resolves when the agents share all partitions, as equally as they can. */
async function shared(agents: readonly TestAgent[]): Promise<void> {
  const [least, most] = [Math.floor(PARTITIONS / agents.length), Math.ceil(PARTITIONS / agents.length)]
  const isShared = async (): Promise<boolean> => {
    const shares = await Promise.all(agents.map(owned))
    return shares.flat().length === PARTITIONS && shares.every(({ length }) => length >= least && length <= most)
  }
  await waitFor(`${agents.length} equal shares`, isShared, { timeout: 60_000, every: 50 })
}

/** `topic/partition` that rebalances took away. */
const takenIn = (log: readonly LogLine[]): string[] =>
  log.flatMap(({ event, taken }) => (event === 'kafka.joined' ? (taken as string[]) : []))

const troubles = /^(kafka\.(lost|revoke-unfinished|revoke-failed)|runtime\.warning)$/

/** Resolves when about a second's worth of records more has come out. */
async function flows(kafka: TestKafka, { output }: Group): Promise<void> {
  const before = (await kafka.endOffsets(output)).reduce((a, b) => a + b, 0)
  await kafka.waitForRecords(output, before + RECORDS / SECONDS, 60_000)
}

interface Phase {
  readonly name: string
  /** Ms since the epoch. */
  readonly from: number
  readonly to: number
}

/** Largest time between two records of the lane within the phase, and from a record of `came` to its answer in `went`. */
function largest(came: Lane, went: Lane, { from, to }: Phase): { gapIn: number; gapOut: number; delay: number } {
  const within = (time: number): boolean => time >= from && time < to
  const gap = (times: readonly number[]): number =>
    times.filter(within).reduce((most, time, i, list) => Math.max(most, time - (list[i - 1] ?? time)), 0)
  const delay = came.times.reduce(
    (most, time, i) => (within(time) ? Math.max(most, (went.times[i] ?? Infinity) - time) : most),
    0,
  )
  return { gapIn: gap(came.times), gapOut: gap(went.times), delay }
}

test(
  `three replicas, one more, one killed, one stopped, during ${RECORDS} records`,
  { timeout: 600_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const group = await Group.with(t, kafka)
    const partitions = Array.from({ length: PARTITIONS }, (_, i) => i)
    const [first, second, third] = await Promise.all([
      group.start('first'),
      group.start('second'),
      group.start('third'),
    ])
    await shared([first, second, third])
    const feed = new NumberedFeed(t, kafka, group.input, { partitions, pace: RECORDS / SECONDS })
    const phases: Phase[] = []
    const phase = async (name: string, change: () => Promise<unknown>): Promise<void> => {
      const from = Date.now()
      await change()
      await flows(kafka, group)
      phases.push({ name, from, to: Date.now() })
    }
    await flows(kafka, group)
    await phase('nothing', () => flows(kafka, group))
    const kept = await owned(first)
    const marks = new Map([first, second, third].map((agent) => [agent, agent.log.length]))
    const logOf = (agent: TestAgent): LogLine[] => agent.log.slice(marks.get(agent) ?? 0)

    const added = await group.start('added')
    await phase('one more', () => shared([first, second, third, added]))
    second.signal('SIGKILL')
    await phase('one killed', () => shared([first, third, added]))
    await phase('one stopped', async () => {
      assert.equal(await third.stop(), 0)
      await shared([first, added])
    })
    while (feed.total < RECORDS) await flows(kafka, group)
    await feed.stop()
    await noLag(kafka, group.id, group.input, 120_000)

    // The new one got its share, and nothing else was ever taken from anybody.
    const taken = [first, second, third, added].map((agent) => takenIn(logOf(agent)))
    assert.equal(taken.flat().length, PARTITIONS / 4, JSON.stringify(taken))
    assert.deepEqual(taken.at(-1), [])
    for (const agent of [first, third, added]) {
      assert.deepEqual(
        logOf(agent).filter(({ event = '' }) => troubles.test(event)),
        [],
      )
      assert.doesNotMatch(agent.stderr, /TimeoutNegativeWarning/)
    }
    const [came, went] = [await tallyOf(kafka, group.input), await tallyOf(kafka, group.output)]
    const { missing, repeated } = went.compare(feed)
    assert.equal(missing, 0, `${missing} of ${feed.total} are missing`)
    t.diagnostic(`${feed.total} records, ${repeated} of them twice, the feed repeated ${feed.repeats} sends`)

    const stayed = kept.filter((partition) => !taken[0]?.includes(`${group.input}/${partition}`))
    assert.ok(stayed.length > 0)
    for (const each of phases) {
      const found = stayed.map((partition) =>
        largest(came.lane(group.input, partition), went.lane(group.input, partition), each),
      )
      const most = (what: keyof (typeof found)[number]): number => Math.max(...found.map((lane) => lane[what]))
      const told = `largest gap in ${most('gapIn')} ms, out ${most('gapOut')} ms, delay ${most('delay')} ms`
      t.diagnostic(`${each.name}: partitions that stay: ${told}`)
    }
    for (const partition of stayed) {
      const begun = logOf(first).filter((line) => line.event === 'kafka.start' && line['partition'] === partition)
      assert.deepEqual(begun, [], `partition ${partition} was never begun anew`)
      if (feed.repeats > 0) continue
      const { records, backwards } = went.lane(group.input, partition)
      assert.deepEqual([records, backwards], [feed.sent.get(partition), 0], 'each once, and in order')
    }
    for (const agent of [first, added]) assert.equal(await agent.stop(), 0)
  },
)
