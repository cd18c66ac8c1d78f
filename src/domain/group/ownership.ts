import { nameOf, type TopicPartition } from '../stream/line-batch.ts'

/**
 * The partitions a member owns. Each time one is given it begins a new tenure: a commit of a tenure that is over is
 * void, even if the partition came back meanwhile.
 */
export class Ownership {
  readonly #tenures = new Map<string, { readonly what: TopicPartition; readonly tenure: number }>()
  #lastTenure = 0

  get list(): TopicPartition[] {
    return [...this.#tenures.values()].map(({ what }) => what)
  }

  /** null for a partition that is not owned. */
  tenureOf(partition: TopicPartition): number | null {
    return this.#tenures.get(nameOf(partition))?.tenure ?? null
  }

  /** What an assignment adds to, and what it takes away from what is owned now. */
  compare(assigned: readonly TopicPartition[]): { added: TopicPartition[]; taken: TopicPartition[] } {
    const names = new Set(assigned.map(nameOf))
    return {
      added: assigned.filter((each) => this.tenureOf(each) === null),
      taken: this.list.filter((each) => !names.has(nameOf(each))),
    }
  }

  add(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const what = { topic, partition }
      this.#tenures.set(nameOf(what), { what, tenure: ++this.#lastTenure })
    }
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#tenures.delete(nameOf(each))
  }
}
