import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { TopicPartition } from '../../../src/domain/stream/line-batch.ts'
import { TestKafka } from '../../support/kafka.ts'
import { waitFor } from '../../support/wait-for.ts'
import { all, counts, name, Owner, partitionsOf, startMember, type Running } from './rig.ts'

/** Owners that share one list, and tell when two of them have the same partition at one time. */
class Watched extends Owner {
  readonly #list: Map<string, Watched>
  readonly twice: string[] = []

  constructor(list: Map<string, Watched>) {
    super()
    this.#list = list
  }

  override assigned(partitions: readonly TopicPartition[]): void {
    super.assigned(partitions)
    for (const each of partitions.map(name)) {
      if (this.#list.has(each)) this.twice.push(each)
      this.#list.set(each, this)
    }
  }

  override async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    // A drain takes its time, and the owner is at work until its end.
    await pause(20)
    await super.revoked(partitions)
    this.#leave(partitions.map(name))
  }

  override lost(partitions: readonly TopicPartition[]): void {
    super.lost(partitions)
    this.#leave(partitions.map(name))
  }

  /** Its member is closed. */
  gone(): void {
    this.#leave(this.owned)
  }

  #leave(partitions: readonly string[]): void {
    for (const each of partitions) if (this.#list.get(each) === this) this.#list.delete(each)
  }
}

test('whoever comes and goes at the same time: a partition never has two owners, and in the end each has one', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(12)
  const groupId = broker.groupId()
  const list = new Map<string, Watched>()
  const owners: Watched[] = []
  const running: Running[] = []
  const start = (): void => {
    const owner = new Watched(list)
    owners.push(owner)
    running.push(startMember(t, { groupId, topics: [topic] }, owner))
  }
  const stop = async (): Promise<void> => {
    const [oldest] = running.splice(0, 1)
    // What is committed and drained is no longer at work when the member leaves.
    ;(oldest?.owner as Watched | undefined)?.gone()
    await oldest?.member.close()
  }
  start()
  start()
  for (let round = 0; round < 8; round++) {
    start()
    // Not after the rebalance: in its midst.
    await waitFor('a rebalance began', () => running.at(-1)?.member.memberId !== '')
    if (round % 2 === 1) await Promise.all([stop(), stop()])
  }
  const beats = (): number => Math.min(...running.map(({ asked }) => asked.filter((api) => api === 'Heartbeat').length))
  const joins = (): number => running.flatMap(({ asked }) => asked).filter((api) => api === 'JoinGroup').length
  const loads = (): number[] => counts(...running).sort((a, b) => a - b)
  // A rebalance may bring another; each begins the wait anew.
  let settled = { joins: -1, beats: 0 }
  const atRest = (): boolean => {
    if (joins() === settled.joins) return beats() >= settled.beats + 3
    settled = { joins: joins(), beats: beats() }
    return false
  }
  await waitFor('three heartbeats of each without another rebalance', atRest, { timeout: 60_000 })
  assert.deepEqual(all(...running), partitionsOf(topic, 12).sort())
  assert.deepEqual(
    owners.flatMap(({ twice }) => twice),
    [],
  )
  assert.ok((loads().at(-1) ?? 0) - (loads()[0] ?? 0) <= 1, loads().join())
  assert.ok(running.every(({ lines }) => lines.of('kafka.lost').length === 0))
})
