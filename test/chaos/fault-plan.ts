// What goes wrong in a chaos run, and when: drawn from a seed, so that a run can be repeated.
import { random } from '../support/records.ts'

export const faultKinds = [
  'calculator-kill',
  'calculator-stop',
  'slow-calculator',
  'agent-kill',
  'agent-stop',
  /** Beyond the session timeout: its partitions go to others, and it comes back as a stranger. */
  'agent-stop-long',
  'broker-stop',
  'broker-kill',
  'consul-kill',
  'document',
  /** A second agent joins the group, and leaves in order, or by SIGKILL. */
  'guest-leaves',
  'guest-dies',
] as const

export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  readonly kind: FaultKind
  /** Since the fault before began (the first: since records flow). A fault does not wait for the one before to end. */
  readonly afterMs: number
  /** How long whatever was stopped or killed stays away. */
  readonly lastsMs: number
}

const SESSION_TIMEOUT_MS = 6_000
const GAP_MS = [500, 3_500] as const

const lasts: Record<FaultKind, readonly [least: number, most: number]> = {
  'calculator-kill': [0, 0],
  'calculator-stop': [300, 4_000],
  'slow-calculator': [1_000, 4_000],
  'agent-kill': [0, 1_500],
  'agent-stop': [300, 4_000],
  'agent-stop-long': [SESSION_TIMEOUT_MS + 1_000, SESSION_TIMEOUT_MS + 4_000],
  'broker-stop': [0, 3_000],
  'broker-kill': [0, 3_000],
  'consul-kill': [500, 5_000],
  document: [0, 0],
  'guest-leaves': [1_000, 8_000],
  'guest-dies': [1_000, 8_000],
}

/** `count` faults of `kinds`, at least five of them different where there are as many. */
export function faultPlan(seed: number, count: number, kinds: readonly FaultKind[] = faultKinds): Fault[] {
  const next = random(seed)
  const between = ([least, most]: readonly [number, number]): number => Math.round(least + (most - least) * next())
  const drawn = shuffled(kinds, next).slice(0, Math.min(5, count))
  while (drawn.length < count) {
    const kind = kinds[Math.floor(next() * kinds.length)]
    if (kind === undefined) throw new RangeError('cannot draw faults from no kinds')
    drawn.push(kind)
  }
  return shuffled(drawn, next).map((kind) => ({ kind, afterMs: between(GAP_MS), lastsMs: between(lasts[kind]) }))
}

function shuffled<T>(values: readonly T[], next: () => number): T[] {
  return values
    .map((value) => ({ value, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
