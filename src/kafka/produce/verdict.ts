import { BrokerError } from '../broker-error.ts'

/**
 * What a failed send asks for.
 * - `again`: it may be stored or not, or will be later: the same bytes again.
 * - `split`: the batch is too large.
 * - `renew`: the broker has lost, or refuses, our sequence or our transaction: a new producer id, or epoch.
 * - `person`: as `again`, but only a person can change it.
 */
export type Verdict = 'again' | 'split' | 'renew' | 'person'

const verdicts: Readonly<Record<string, Verdict>> = {
  MESSAGE_TOO_LARGE: 'split',
  RECORD_LIST_TOO_LARGE: 'split',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'renew',
  UNKNOWN_PRODUCER_ID: 'renew',
  INVALID_PRODUCER_EPOCH: 'renew',
  INVALID_PRODUCER_ID_MAPPING: 'renew',
  PRODUCER_FENCED: 'renew',
  INVALID_TXN_STATE: 'renew',
  TRANSACTION_ABORTABLE: 'renew',
  CONCURRENT_TRANSACTIONS: 'again',
}

/** What the broker already has: the acknowledgement was lost, not the batch. */
export const isStored = (error: number): boolean => error === 0 || error === DUPLICATE_SEQUENCE_NUMBER

const DUPLICATE_SEQUENCE_NUMBER = 46

/** Anything but a broker's answer is a broken connection: whether the batch was stored nobody knows. */
export function verdictOn(error: unknown): Verdict {
  if (!(error instanceof BrokerError)) return 'again'
  const known = verdicts[error.type]
  if (known !== undefined) return known
  return error.retriable && error.type !== 'UNKNOWN_TOPIC_OR_PARTITION' ? 'again' : 'person'
}
