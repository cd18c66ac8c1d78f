// Where a transactional producer stands. The table is total: what has no cell cannot happen.

/**
 * `unknown`: the coordinator has to tell who we are. `ready`: nothing is in a transaction. `open`: the coordinator has a
 * transaction of ours. `void`: it may have one, which can only be aborted. `fenced`: another process goes by our name.
 */
export type TransactionState = 'unknown' | 'ready' | 'open' | 'void' | 'fenced'

export type TransactionEvent =
  /** The coordinator gave an identity, and ended what was open under the one before. */
  | 'identified'
  /** A partition, or the offsets of the consumer group, may be part of the transaction. */
  | 'extended'
  /** Its end is written. */
  | 'committed'
  /** Something of it was refused, or is given up. */
  | 'doubted'
  /** The coordinator ended it for its age, or forgot us: our identity is worth nothing. */
  | 'expired'
  /** Somebody else asked for an identity under our name. */
  | 'superseded'

// prettier-ignore
export const transactionStates = {
  unknown: { identified: 'ready',  extended: 'unknown', committed: 'unknown', doubted: 'unknown', expired: 'unknown', superseded: 'fenced' },
  ready:   { identified: 'ready',  extended: 'open',    committed: 'ready',   doubted: 'ready',   expired: 'unknown', superseded: 'fenced' },
  open:    { identified: 'ready',  extended: 'open',    committed: 'ready',   doubted: 'void',    expired: 'unknown', superseded: 'fenced' },
  void:    { identified: 'ready',  extended: 'void',    committed: 'void',    doubted: 'void',    expired: 'unknown', superseded: 'fenced' },
  fenced:  { identified: 'fenced', extended: 'fenced',  committed: 'fenced',  doubted: 'fenced',  expired: 'fenced',  superseded: 'fenced' },
} as const satisfies Record<TransactionState, Record<TransactionEvent, TransactionState>>

/** The move that the table names. */
export const nextTransactionState = (state: TransactionState, event: TransactionEvent): TransactionState =>
  transactionStates[state][event]
