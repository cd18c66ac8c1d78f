import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'

/** The transaction that a producer writes in; several may share it. */
export interface WritingTransaction {
  readonly transactionalId: string
  /**
   * Makes the partitions part of the transaction, and tells under whom to write: the same object as long as sequences go
   * on. Waits for an end that is under way. Rejects with AgentError when the transaction is given up meanwhile.
   */
  admit(partitions: readonly TopicPartition[]): Promise<ProducerIdentity>
  /** A broker refused a write so that the transaction cannot be committed any more. */
  refused(error: unknown): void
  /**
   * `discard` is called when everything written since the last commit is given up; what it returns resolves when nothing
   * of it is on its way to a broker. Returns how to leave.
   */
  join(discard: () => Promise<void>): () => void
}
