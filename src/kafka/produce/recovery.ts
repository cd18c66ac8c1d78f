import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { errorType, explain } from '../errors.ts'
import type { KafkaLog } from '../log.ts'
import type { Problem } from '../problem.ts'
import type { Topics } from '../topics.ts'
import type { ProducerIdentities } from './identities.ts'
import type { PartitionQueue, Part, Sent } from './partition-queue.ts'
import { verdictOn, type Verdict } from './verdict.ts'
import type { WritingTransaction } from './writing-transaction.ts'

export interface RecoveryParts {
  readonly topics: Topics
  /** A fresh look at them. */
  look(): Promise<void>
  readonly identities: ProducerIdentities
  readonly problem: Problem
  readonly clock: Clock
  readonly log: KafkaLog
  readonly signal: AbortSignal
  stored(sent: Sent): void
  /** Records of a part that will never be stored. */
  refused(part: Part, reason: string): void
  /** Null outside of transactions: a sequence that is lost begins anew. Within one it is lost with all of it. */
  readonly transaction: WritingTransaction | null
  /** The partition is gone with its topic: its records go to another. */
  moved(parts: readonly Part[], to: TopicPartition): void
}

const FIRST_WAIT: Millis = 250
const LONGEST_WAIT: Millis = 5_000

/** What is done about a partition that could not be written, once nothing of it is on the wire. */
export class Recovery {
  readonly #parts: RecoveryParts

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Resolves when the queue may send again. */
  async cure(queue: PartitionQueue, error: unknown): Promise<void> {
    const verdict = verdictOn(error)
    if (verdict === 'split') this.#split(queue, errorType(error))
    else if (verdict === 'renew') this.#renew(queue, error)
    else {
      await this.#patience(queue, error, verdict)
      if (this.#isGone(queue)) this.#move(queue)
      else queue.resend()
    }
  }

  #move(queue: PartitionQueue): void {
    const { topic } = queue
    const count = this.#parts.topics.find(topic)?.partitions.length ?? 1
    this.#parts.moved(queue.clear(), { topic, partition: queue.partition % count })
  }

  /** Nothing of the queue is on the wire, so that what comes after the large batch was refused with it. */
  #split(queue: PartitionQueue, reason: string): void {
    const { head } = queue
    const goesOnAt = this.#parts.transaction ? (head?.sequence ?? null) : null
    if (head?.count === 1) {
      queue.dropHead()
      for (const part of head.parts) this.#parts.refused(part, reason)
    } else if (head) {
      queue.limit = Math.max(1, Math.floor(head.bytes / 2))
    }
    this.#restart(queue, goesOnAt)
  }

  #renew(queue: PartitionQueue, error: unknown): void {
    const { topic, partition } = queue
    const { transaction } = this.#parts
    if (transaction) {
      // The queue stays stalled: it goes with the transaction.
      transaction.refused(error)
      return
    }
    this.#parts.log('warn', `taking a new producer id: ${explain(error)}`, {
      event: 'kafka.producer-renewed',
      topic,
      partition,
    })
    this.#restart(queue)
  }

  #restart(queue: PartitionQueue, goesOnAt: number | null = null): void {
    if (queue.identity && goesOnAt === null) this.#parts.identities.renew(queue.identity)
    for (const sent of queue.restart(goesOnAt)) this.#parts.stored(sent)
  }

  /** The first failure is tried again at once, with a fresh look at who leads; later ones wait longer each time. */
  async #patience(queue: PartitionQueue, error: unknown, verdict: Verdict): Promise<void> {
    const { clock, log, problem, signal } = this.#parts
    const { topic, partition } = queue
    const text = `cannot write to topic ${topic}: ${explain(error)}`
    if (verdict === 'person') problem.report(text, 'error', { topic })
    else if (queue.failures > 0) problem.report(text, 'warn', { topic })
    else log('debug', text, { event: 'kafka.produce-again', topic, partition })
    const doublings = queue.failures++ - (verdict === 'person' ? 0 : 1)
    if (doublings >= 0) await wait(clock, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** doublings), signal)
    if (signal.aborted) return
    await this.#parts.look().catch((cause: unknown) => {
      problem.report(`cannot write to topic ${topic}: ${explain(cause)}`, 'warn', { topic })
    })
  }

  #isGone({ topic, partition }: PartitionQueue): boolean {
    const facts = this.#parts.topics.find(topic)
    return facts !== null && facts.partitions.every((each) => each.partition !== partition)
  }
}
