// A source on the real broker whose membership in the consumer group is the test's: what a coordinator does only by
// chance, or only after a while, happens when the test says so.
import type { TestContext } from 'node:test'
import type { TopicPartition } from '../../src/domain/stream/line-batch.ts'
import type { Membership } from '../../src/kafka/group-membership.ts'
import type { MemberOwner } from '../../src/kafka/group/settings.ts'
import type { CommittedOffset, OffsetPosition } from '../../src/kafka/group/offset-requests.ts'
import { KafkaSource } from '../../src/kafka/kafka-source.ts'
import { NO_EPOCH } from '../../src/kafka/protocol/fetch.ts'
import type { InputFrom } from '../../src/kafka/start-positions.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { clusterFor, Lines, Receiver, type Running, type Wire } from './rig.ts'

export class ScriptedMembership implements Membership {
  joined = true
  readonly problem = null
  readonly owner: MemberOwner
  /** Everything that was to be committed. */
  readonly commits: OffsetPosition[][] = []
  /** What is committed for every partition; offset -1: nothing. */
  last = { offset: -1, leaderEpoch: NO_EPOCH }
  /** Asked for each commit. */
  onCommit: () => Promise<void> = () => Promise.resolve()
  /** How long it takes to leave when the membership is over already. */
  onLeave: () => Promise<void> = () => Promise.resolve()
  readonly #over = Promise.withResolvers<undefined>()

  constructor(owner: MemberOwner) {
    this.owner = owner
  }

  async run(): Promise<void> {
    await this.#over.promise
  }

  async commit(positions: readonly OffsetPosition[]): Promise<void> {
    this.commits.push([...positions])
    await this.onCommit()
  }

  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    return Promise.resolve(partitions.map((each) => ({ ...each, ...this.last, metadata: '' })))
  }

  close(): Promise<void> {
    this.joined = false
    this.#over.resolve(undefined)
    return Promise.resolve()
  }

  async leave(): Promise<void> {
    await this.close()
    await this.onLeave()
  }
}

export interface Scripted extends Running {
  /** The source's own: its problems and looks wait for it. */
  readonly clock: FakeClock
  /** One after the other. */
  readonly memberships: ScriptedMembership[]
}

/** A started source, which has joined; closed after the test. */
export async function scriptedSource(
  t: TestContext,
  { topic, from = 'earliest', ...wire }: Wire & { readonly topic: string; readonly from?: InputFrom },
): Promise<Scripted> {
  const lines = new Lines()
  const clock = new FakeClock()
  const memberships: ScriptedMembership[] = []
  const join = (owner: MemberOwner): Membership => {
    const membership = new ScriptedMembership(owner)
    memberships.push(membership)
    return membership
  }
  const cluster = clusterFor(lines, undefined, wire)
  const source = new KafkaSource({ cluster, topics: [topic], from, join, clock, log: lines.log })
  t.after(() => source.close())
  const receiver = new Receiver()
  await source.start(receiver)
  return { source, receiver, lines, clock, memberships }
}
