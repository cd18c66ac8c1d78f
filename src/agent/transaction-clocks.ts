import type { Config } from '../config/config.ts'
import type { Millis } from '../domain/time.ts'

/** What a transaction may take beyond CHECKPOINT_INTERVAL and ADOPTION_GRACEPERIOD: slow answers, a broker that restarts. */
const SLACK: Millis = 30_000
/** So long before the broker does it, a transaction that cannot be committed is aborted here. */
const MARGIN: Millis = 10_000

export interface TransactionClocks {
  /** After so long the broker aborts a transaction; whoever waits for it, waits no longer. */
  readonly timeoutMs: Millis
  readonly limitMs: Millis
}

/** null without DELIVERY=exactly-once. */
export function transactionClocks({ rules, limits, adoptionGraceMs }: Config): TransactionClocks | null {
  if (rules.delivery !== 'exactly-once') return null
  const timeoutMs = limits.checkpointIntervalMs + adoptionGraceMs + SLACK
  return { timeoutMs, limitMs: timeoutMs - MARGIN }
}
