import type { CommitPosition, Transactions, TransactionListener } from '../../engine/ports.ts'
import type { KafkaSource } from '../kafka-source.ts'
import type { TransactionSession } from './session.ts'

/** What the sinks of a session write, and what its source has read, in transactions. */
export class KafkaTransactions implements Transactions {
  readonly #session: TransactionSession
  readonly #source: KafkaSource

  constructor(session: TransactionSession, source: KafkaSource) {
    this.#session = session
    this.#source = source
  }

  listen(listener: TransactionListener): void {
    this.#session.listen(listener)
  }

  commit(positions: readonly CommitPosition[]): Promise<void> {
    if (positions.length === 0) return this.#session.commit(null)
    return this.#source.commitIn(positions, (offsets) => this.#session.commit(offsets))
  }

  abort(): Promise<void> {
    return this.#session.abort()
  }

  health(): { readonly error: string | null } {
    return { error: this.#session.problem }
  }

  close(): Promise<void> {
    this.#session.close()
    return Promise.resolve()
  }
}
