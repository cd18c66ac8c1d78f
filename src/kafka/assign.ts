/** Topics per member of a consumer group. */
export type Subscriptions = ReadonlyMap<string, readonly string[]>
/** Partitions per topic, per member. */
export type Assignments = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

/**
 * Gives every partition of every subscribed topic to one member that subscribes to it. No member owns a partition
 * while another subscriber of that topic owns two or more partitions fewer. The result depends on nothing but the
 * arguments (not on their order); topics without a partition count are left out.
 */
export function assign(subscriptions: Subscriptions, partitionCounts: ReadonlyMap<string, number>): Assignments {
  const members = [...subscriptions.keys()].sort()
  const load = new Map(members.map((member) => [member, 0]))
  const loadOf = (member: string): number => load.get(member) ?? 0
  const lightest = (candidates: readonly string[]): string | undefined =>
    candidates.reduce<string | undefined>(
      (best, each) => (best === undefined || loadOf(each) < loadOf(best) ? each : best),
      undefined,
    )
  const give = (member: string, by: number): unknown => load.set(member, loadOf(member) + by)

  const topics = [...partitionCounts.keys()].map((topic) => ({
    topic,
    subscribers: members.filter((member) => subscriptions.get(member)?.includes(topic)),
  }))
  // The topics with the fewest subscribers first: they have the least choice.
  topics.sort((a, b) => a.subscribers.length - b.subscribers.length || (a.topic < b.topic ? -1 : 1))

  const owned: { topic: string; partition: number; subscribers: readonly string[]; owner: string }[] = []
  for (const { topic, subscribers } of topics) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      const owner = lightest(subscribers)
      if (owner === undefined) break
      give(owner, 1)
      owned.push({ topic, partition, subscribers, owner })
    }
  }
  // Each move makes the loads more equal, so this ends.
  for (let moved = true; moved;) {
    moved = false
    for (const entry of owned) {
      const better = lightest(entry.subscribers)
      if (better === undefined || loadOf(better) + 1 >= loadOf(entry.owner)) continue
      give(entry.owner, -1)
      give(better, 1)
      entry.owner = better
      moved = true
    }
  }

  const result = new Map(members.map((member) => [member, new Map<string, number[]>()]))
  for (const { topic, partition, owner } of owned) {
    const ofMember = result.get(owner)
    const partitions = ofMember?.get(topic)
    if (partitions) partitions.push(partition)
    else ofMember?.set(topic, [partition])
  }
  return result
}
