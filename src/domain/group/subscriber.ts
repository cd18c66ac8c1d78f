import type { TopicPartition } from '../stream/line-batch.ts'

/** A member of a consumer group, as its subscription tells the leader. */
export interface Subscriber {
  readonly memberId: string
  /** `group.instance.id` of a static member. */
  readonly instanceId: string | null
  readonly topics: readonly string[]
  /** What it holds on to; it may be out of date. */
  readonly owned: readonly TopicPartition[]
  /** The generation that gave it what it owns; -1 where it does not say. */
  readonly generation: number
}

/** Partition count per topic; a topic that is not there has no partition for anybody. */
export type PartitionCounts = ReadonlyMap<string, number>

/** Partitions, rising, per topic, per member id. Every member has an entry, every topic in it a partition. */
export type Assignments = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

/** Members in the order in which they are served: static ones first, by their names (Java: AbstractPartitionAssignor.MemberInfo). */
export const inOrder = (members: readonly Subscriber[]): Subscriber[] =>
  [...members].sort(
    (a, b) =>
      Number(a.instanceId === null) - Number(b.instanceId === null) ||
      compare(a.instanceId ?? '', b.instanceId ?? '') ||
      compare(a.memberId, b.memberId),
  )

/** By code units: the same on every machine. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Collects who gets what. */
export class AssignmentList {
  readonly #given: Map<string, Map<string, number[]>>

  constructor(members: readonly Subscriber[]) {
    this.#given = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]))
  }

  give(memberId: string, topic: string, partition: number): void {
    const topics = this.#given.get(memberId)
    const partitions = topics?.get(topic)
    if (partitions) partitions.push(partition)
    else topics?.set(topic, [partition])
  }

  done(): Assignments {
    for (const topics of this.#given.values())
      for (const partitions of topics.values()) partitions.sort((a, b) => a - b)
    return this.#given
  }
}
