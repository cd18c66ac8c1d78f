// Whose word counts when members tell the leader what they own.
import { nameOf } from '../stream/line-batch.ts'
import type { Subscriber } from './subscriber.ts'

interface Claim {
  generation: number
  /** null: two members claim it with the same right, so that neither may be believed. */
  owner: Subscriber | null
}

/** What the members of a group say they own, by the generation in which they got it. */
export class Claims {
  readonly #claims = new Map<string, Claim>()

  constructor(members: readonly Subscriber[]) {
    for (const member of members) {
      const { generation } = member
      // A member may name a partition twice; a set of its own keeps that from looking like two members.
      for (const key of new Set(member.owned.map(nameOf))) {
        const known = this.#claims.get(key)
        if (known === undefined || generation > known.generation) this.#claims.set(key, { generation, owner: member })
        else if (generation === known.generation) known.owner = null
      }
    }
  }

  /** The member that owns the partition; null for none, or for two that cannot both be right. */
  ownerOf(topic: string, partition: number): Subscriber | null {
    return this.#claims.get(nameOf({ topic, partition }))?.owner ?? null
  }

  /** Nobody may still be at work on it. */
  isFree(topic: string, partition: number): boolean {
    return !this.#claims.has(nameOf({ topic, partition }))
  }
}
