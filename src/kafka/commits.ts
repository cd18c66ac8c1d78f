import type { Consumer } from 'kafkajs'
import { AgentError } from '../domain/errors.ts'
import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Assignment } from './assignment.ts'
import { explain, isRebalance } from './errors.ts'

export type Position = TopicPartition & { readonly offset: number; readonly epoch: number }

/** Offset commits of one member: one request at a time, in order, and never for an epoch that is over. */
export class Commits {
  readonly #consumer: Consumer
  readonly #groupId: string
  readonly #assignment: Assignment
  #last: Promise<void> = Promise.resolve()
  #acknowledged = 0

  constructor(consumer: Consumer, groupId: string, assignment: Assignment) {
    this.#consumer = consumer
    this.#groupId = groupId
    this.#assignment = assignment
    consumer.on(consumer.events.COMMIT_OFFSETS, () => this.#acknowledged++)
  }

  /**
   * kafkajs repeats what a connection lost. Throws AgentError FAILED when the membership changed under the request,
   * UNAVAILABLE when it could not be made.
   */
  commit(positions: readonly Position[]): Promise<void> {
    const commit = this.#last.then(() => this.#commitNow(positions))
    this.#last = commit.catch(() => undefined)
    return commit
  }

  /** Resolves when every commit asked for so far is made or refused. */
  settled(): Promise<void> {
    return this.#last
  }

  async #commitNow(positions: readonly Position[]): Promise<void> {
    const due = positions.filter((position) => this.#assignment.find(position)?.epoch === position.epoch)
    if (due.length === 0) return
    const before = this.#acknowledged
    const offsets = due.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }))
    const subject = `cannot commit offsets of consumer group ${this.#groupId}`
    try {
      await this.#consumer.commitOffsets(offsets)
    } catch (cause) {
      throw new AgentError(isRebalance(cause) ? 'FAILED' : 'UNAVAILABLE', `${subject}: ${explain(cause)}`, { cause })
    }
    // kafkajs resolves without a word when its consumer is about to stop.
    if (this.#acknowledged === before) throw new AgentError('UNAVAILABLE', `${subject}: the consumer is stopping`)
  }
}
