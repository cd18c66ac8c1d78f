/** What `pidpiper doctor` saw of one thing, and what to do about it. */
export interface Finding {
  /** Stable dotted name of the check; its first word is the area. */
  readonly check: `${Area}.${string}`
  /** What was looked at, for a person. */
  readonly subject: string
  /** A warning lets the agent work; with a problem it does not, or not for long. */
  readonly verdict: 'ok' | 'warning' | 'problem'
  readonly seen: string
  /** One sentence; empty where nothing is to be done, or `seen` says it. */
  readonly cure: string
}

export type Area = 'configuration' | 'machine' | 'consul' | 'kafka' | 'calculator'

type Check = Finding['check']

/** Nothing is to be done. */
export const ok = (check: Check, subject: string, seen: string): Finding => ({
  check,
  subject,
  verdict: 'ok',
  seen,
  cure: '',
})

/** The agent runs, but `cure` is advised. */
export const warning = (check: Check, subject: string, seen: string, cure: string): Finding => ({
  check,
  subject,
  verdict: 'warning',
  seen,
  cure,
})

/** The agent cannot do its work before `cure`. */
export const problem = (check: Check, subject: string, seen: string, cure: string): Finding => ({
  check,
  subject,
  verdict: 'problem',
  seen,
  cure,
})
