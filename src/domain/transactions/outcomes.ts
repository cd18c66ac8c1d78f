// What follows from each error that a transaction coordinator answers with. Nothing else in the agent decides that.

export type TransactionOutcome =
  /** The same again after a short pause: it is busy with what was asked before, or moves. */
  | 'again'
  /** The same again, but only a person can change the answer. */
  | 'person'
  /** The transaction cannot be committed any more. */
  | 'void'
  /** The identity is over: the transaction grew too old, or another process asked for one under the same name. */
  | 'fenced'
  /** The identity is over: the coordinator forgot it, since it was not used for days. */
  | 'forgotten'
  /** There was no transaction to end. */
  | 'nothing'

export type TransactionRequest = 'identify' | 'extend' | 'commit' | 'abort'

type Row = Readonly<Record<TransactionRequest, TransactionOutcome>>

const all = (outcome: TransactionOutcome): Row => ({
  identify: outcome,
  extend: outcome,
  commit: outcome,
  abort: outcome,
})

// prettier-ignore
const outcomes: Readonly<Record<string, Row>> = {
  CONCURRENT_TRANSACTIONS:         all('again'),
  GROUP_LOAD_IN_PROGRESS:          all('again'),
  GROUP_COORDINATOR_NOT_AVAILABLE: all('again'),
  NOT_COORDINATOR_FOR_GROUP:       all('again'),
  REQUEST_TIMED_OUT:               all('again'),
  NOT_ENOUGH_REPLICAS:             all('again'),
  UNKNOWN_TOPIC_OR_PARTITION:      all('again'),
  PRODUCER_FENCED:                 all('fenced'),
  INVALID_PRODUCER_EPOCH:          all('fenced'),
  INVALID_PRODUCER_ID_MAPPING:     all('forgotten'),
  INVALID_TXN_STATE:               { identify: 'again', extend: 'void', commit: 'void', abort: 'nothing' },
  TRANSACTION_ABORTABLE:           { identify: 'again', extend: 'void', commit: 'void', abort: 'again' },
}

/** `error`: the broker's name of it; null for a connection that failed before the answer. */
export const transactionOutcomeOf = (request: TransactionRequest, error: string | null): TransactionOutcome =>
  error === null ? 'again' : (outcomes[error]?.[request] ?? 'person')
