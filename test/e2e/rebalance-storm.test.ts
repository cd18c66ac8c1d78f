// Five replicas join and leave all the time, some without a word: nothing is missing, and in the end each of them works.
import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { noLag, startStream } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed, tallyOf } from '../support/numbered-feed.ts'
import { random } from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'

/** How long members come and go; a larger number makes a harder run. */
const SECONDS = Number(process.env['STORM_SECONDS'] ?? 10)
const SEED = Number(process.env['STORM_SEED'] ?? 7)
const MEMBERS = 5
const PARTITIONS = 10
const PACE = 2_000
/** Between two changes. */
const CALM = 600
/** One in so many leaves by SIGKILL. */
const KILLED = 4

test(`${MEMBERS} members join and leave for ${SECONDS} s`, { timeout: 300_000 + SECONDS * 1000 }, async (t) => {
  const kafka = new TestKafka(t)
  const input = await kafka.createTopic(PARTITIONS)
  const output = await kafka.createTopic(PARTITIONS)
  const group = kafka.groupId()
  const start = (slot: number): Promise<TestAgent> =>
    startStream(t, kafka, {
      ...{ input, output, group, calculator: ['cat'] },
      env: { PROTOCOL: 'one-to-one', INSTANCE_ID: `m${slot}`, KAFKA_SESSION_TIMEOUT: '6s', LOG_LEVEL: 'info' },
    })
  const members: (TestAgent | null)[] = await Promise.all(Array.from({ length: MEMBERS }, (_, slot) => start(slot)))
  const partitions = Array.from({ length: PARTITIONS }, (_, i) => i)
  const feed = new NumberedFeed(t, kafka, input, { partitions, pace: PACE })
  await kafka.waitForRecords(output, PACE, 60_000)

  const next = random(SEED)
  const changes = { joined: 0, left: 0, killed: 0 }
  const leaving: Promise<number | null>[] = []
  const change = async (slot: number): Promise<void> => {
    const member = members[slot]
    if (!member) {
      members[slot] = await start(slot)
      changes.joined++
      return
    }
    members[slot] = null
    const isKilled = Math.floor(next() * KILLED) === 0
    member.signal(isKilled ? 'SIGKILL' : 'SIGTERM')
    if (isKilled) changes.killed++
    else changes.left++
    // One that is not up yet has nothing that it could end in order.
    const isUp = member.log.some(({ event }) => event === 'agent.started')
    leaving.push(member.exit().then(({ code }) => (isUp && !isKilled ? code : 0)))
  }
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end;) {
    await change(Math.floor(next() * MEMBERS))
    await pause(CALM)
  }
  assert.deepEqual(new Set(await Promise.all(leaving)), new Set([0]), 'exit codes')

  // The storm is over: everybody is there, has a share, and gets on with it.
  for (const [slot, member] of members.entries()) members[slot] = member ?? (await start(slot))
  const agents = members.filter((member) => member !== null)
  const progress = async (agent: TestAgent): Promise<{ owned: number; out: number }> => {
    const [stream] = (await agent.status()).streams
    return { owned: stream?.input.assigned.length ?? 0, out: stream?.counters.recordsOut ?? 0 }
  }
  const shared = async (): Promise<boolean> =>
    (await Promise.all(agents.map(progress))).every(({ owned }) => owned === PARTITIONS / MEMBERS)
  const calmed = Date.now()
  await waitFor('equal shares', shared, { timeout: 60_000, every: 100 })
  const took = Date.now() - calmed
  const before = await Promise.all(agents.map(progress))
  const gotOn = async (): Promise<boolean> =>
    (await Promise.all(agents.map(progress))).every(({ out }, i) => out > (before[i]?.out ?? 0) + 100)
  await waitFor('progress of every member', gotOn, { every: 100 })
  await feed.stop()
  await noLag(kafka, group, input, 60_000)

  const { missing, repeated } = (await tallyOf(kafka, output)).compare(feed)
  t.diagnostic(`${feed.total} records, ${repeated} of them twice; equal shares ${took} ms after the storm`)
  t.diagnostic(`joined ${changes.joined}, left ${changes.left}, killed ${changes.killed}`)
  assert.ok(changes.joined + changes.left + changes.killed >= SECONDS / 2, 'it was a storm')
  assert.equal(missing, 0, `${missing} of ${feed.total} are missing`)
  for (const agent of agents) assert.equal(await agent.stop(), 0)
})
