import type { Account } from './accounting.ts'

export type Delivery = 'at-least-once' | 'exactly-once'
export type Protocol = 'relay' | 'one-to-one'

export interface Rules {
  readonly protocol: Protocol
  readonly delivery: Delivery
  /** Duplicates that the faults of the run may cause: one checkpoint each. */
  readonly duplicatesAllowed: number
}

/** What is wrong with a run, in words; empty: nothing. */
export function judge(account: Account, { protocol, delivery, duplicatesAllowed }: Rules): string[] {
  const { missing, examples, duplicates, innocentDeadLetters, foreign, disordered } = account
  const allowed = delivery === 'exactly-once' ? 0 : duplicatesAllowed
  return [
    ...(missing > 0 ? [`${missing} records are missing: ${examples.join(', ')} …`] : []),
    ...(innocentDeadLetters > 0 ? [`${innocentDeadLetters} innocent records are in the dead letters`] : []),
    ...(foreign > 0 ? [`${foreign} values are no record's, or have another record's key`] : []),
    ...(duplicates > allowed ? [`${duplicates} duplicates, ${allowed} are allowed`] : []),
    // Relay's lines come from one partition or another: only their numbers within a partition of the output would tell.
    ...(protocol === 'one-to-one' && disordered > 0 ? [`${disordered} first deliveries are out of order`] : []),
  ]
}
