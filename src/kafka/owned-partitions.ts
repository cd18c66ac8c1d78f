import { nameOf, type TopicPartition } from '../domain/stream/line-batch.ts'
import { OwnedPartition, type DueStart } from './fetch/owned-partition.ts'

/** The partitions that are ours at this moment, and their epochs. */
export class OwnedPartitions {
  readonly #owned = new Map<string, OwnedPartition>()
  #list: readonly OwnedPartition[] = []
  /** Starts that were due when their partitions went. */
  readonly #formerStarts = new Map<string, DueStart>()
  #epoch = 0

  get list(): readonly OwnedPartition[] {
    return this.#list
  }

  find(partition: TopicPartition): OwnedPartition | undefined {
    return this.#owned.get(nameOf(partition))
  }

  /** Each gets an epoch that no partition ever had. */
  add(partitions: readonly TopicPartition[]): OwnedPartition[] {
    const added = partitions.map((each) => new OwnedPartition(each, this.nextEpoch()))
    for (const each of added) {
      each.formerStart = this.#formerStarts.get(nameOf(each)) ?? null
      this.#owned.set(nameOf(each), each)
    }
    this.#list = [...this.#owned.values()]
    return added
  }

  /** Whatever is on its way for them is void. */
  remove(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      const gone = this.find(each)
      if (!gone) continue
      gone.leave()
      const start = gone.dueStart ?? gone.formerStart
      if (start) this.#formerStarts.set(nameOf(each), start)
      else this.#formerStarts.delete(nameOf(each))
      gone.dueStart = null
      this.#owned.delete(nameOf(each))
    }
    this.#list = [...this.#owned.values()]
  }

  /** One that no partition ever had. */
  nextEpoch(): number {
    return ++this.#epoch
  }

  /** Whoever rewinds chooses the epoch. */
  seenEpoch(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch)
  }

  /** Records not handed over yet; null while the start of a partition is not known. */
  get lag(): number | null {
    let sum = 0
    for (const { lag } of this.#list) {
      if (lag === null) return null
      sum += lag
    }
    return sum
  }
}
