import type { Claims } from './claims.ts'
import { compare, inOrder, type PartitionCounts, type Subscriber } from './subscriber.ts'

interface Topic {
  readonly name: string
  readonly subscribers: readonly Member[]
}

interface Member {
  readonly who: Subscriber
  load: number
  readonly shares: Map<Topic, Share>
}

/** Partitions of one topic with one member: those it owned before, and those it would get now. */
interface Share {
  readonly kept: number[]
  readonly fresh: number[]
}

/** A partition of `topic` may go from one member to the next. */
interface Link {
  readonly from: Member
  readonly topic: Topic
  readonly to: Member
}

export type Movable = 'fresh' | 'any'

/** Who has which partitions while an assignment is made. The result does not depend on the order of the arguments. */
export class Shares {
  readonly #members: readonly Member[]
  readonly #claims: Claims

  /** Everybody keeps what it owns and still subscribes to; what nobody keeps goes to the lightest subscriber. */
  constructor(members: readonly Subscriber[], counts: PartitionCounts, claims: Claims) {
    this.#claims = claims
    this.#members = inOrder(members).map((who) => ({ who, load: 0, shares: new Map() }))
    const topics = [...counts.keys()].sort(compare).map((name): Topic => {
      return { name, subscribers: this.#members.filter(({ who }) => who.topics.includes(name)) }
    })
    // The topics with the fewest subscribers first: they have the least choice.
    topics.sort((a, b) => a.subscribers.length - b.subscribers.length)
    const homeless: (readonly [Topic, number])[] = []
    for (const topic of topics) {
      for (let partition = 0; partition < (counts.get(topic.name) ?? 0); partition++) {
        const owner = claims.ownerOf(topic.name, partition)
        const keeper = topic.subscribers.find(({ who }) => who === owner)
        if (keeper) this.#give(keeper, topic, partition)
        else homeless.push([topic, partition])
      }
    }
    for (const [topic, partition] of homeless) {
      const [first, ...others] = topic.subscribers
      if (first)
        this.#give(
          others.reduce((best, each) => (each.load < best.load ? each : best), first),
          topic,
          partition,
        )
    }
  }

  /**
   * Moves partitions, over members in between where that helps, until nobody has two more than a member that could
   * take one. `fresh` moves only what nobody owned before. Each chain makes the loads more equal, so this ends.
   */
  level(movable: Movable): void {
    for (;;) {
      const chain = this.#chain(movable)
      if (chain === null) return
      for (const { from, topic, to } of chain) {
        const partition = this.#take(from, topic, movable)
        if (partition !== undefined) this.#give(to, topic, partition)
      }
    }
  }

  *[Symbol.iterator](): Generator<{ member: Subscriber; topic: string; partition: number }> {
    for (const { who, shares } of this.#members) {
      for (const [{ name }, { kept, fresh }] of shares) {
        for (const partition of [...kept, ...fresh]) yield { member: who, topic: name, partition }
      }
    }
  }

  #give(member: Member, topic: Topic, partition: number): void {
    const share = member.shares.get(topic) ?? { kept: [], fresh: [] }
    member.shares.set(topic, share)
    const kept = this.#claims.ownerOf(topic.name, partition) === member.who
    ;(kept ? share.kept : share.fresh).push(partition)
    member.load++
  }

  #take(member: Member, topic: Topic, movable: Movable): number | undefined {
    const share = member.shares.get(topic)
    const partition = share?.fresh.pop() ?? (movable === 'any' ? share?.kept.pop() : undefined)
    if (partition !== undefined) member.load--
    return partition
  }

  /** From the heaviest member that can give, by the fewest moves, to the lightest that is as near. */
  #chain(movable: Movable): Link[] | null {
    const lightest = Math.min(...this.#members.map(({ load }) => load))
    for (const from of [...this.#members].sort((a, b) => b.load - a.load)) {
      if (from.load < lightest + 2) return null
      const chain = this.#chainFrom(from, movable)
      if (chain !== null) return chain
    }
    return null
  }

  #chainFrom(start: Member, movable: Movable): Link[] | null {
    const reachedBy = new Map<Member, Link | null>([[start, null]])
    const seen = new Set<Topic>()
    for (let ring = [start]; ring.length > 0;) {
      const next: Member[] = []
      for (const from of ring) {
        for (const [topic, { kept, fresh }] of from.shares) {
          if (seen.has(topic) || fresh.length + (movable === 'any' ? kept.length : 0) === 0) continue
          seen.add(topic)
          for (const to of topic.subscribers) {
            if (reachedBy.has(to)) continue
            reachedBy.set(to, { from, topic, to })
            next.push(to)
          }
        }
      }
      const target = next.reduce<Member | null>((best, each) => (best && best.load <= each.load ? best : each), null)
      if (target && target.load + 2 <= start.load) return linksTo(target, reachedBy)
      ring = next
    }
    return null
  }
}

/** Last link first: so that nobody gives away what it is just about to get. */
function linksTo(target: Member, reachedBy: ReadonlyMap<Member, Link | null>): Link[] {
  const links: Link[] = []
  for (let link = reachedBy.get(target); link; link = reachedBy.get(link.from)) links.push(link)
  return links
}
