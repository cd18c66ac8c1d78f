// When a process that died, or never came up, is started again. Pure arithmetic: the instants come in.
import type { Millis } from '../time.ts'
import type { Backoff, ProgramSpec } from './spec.ts'
import type { ExitStatus, LiveChild, Process } from './state.ts'

/** What a death is: a failed start, or an exit after which a new start comes in `restartIn` ms, or not by itself (null). */
export type Verdict = { readonly state: 'BACKOFF' } | { readonly state: 'EXITED'; readonly restartIn: Millis | null }

/** Whether `exitcodes` has the exit code; a death by signal is never expected. */
export const expected = (spec: ProgramSpec, status: ExitStatus): boolean =>
  status.code !== null && spec.exitcodes.includes(status.code)

const wantsRestart = (spec: ProgramSpec, status: ExitStatus): boolean =>
  spec.autorestart === 'unexpected' ? !expected(spec, status) : spec.autorestart

/** supervisord: Subprocess.finish, `too_quickly`. */
export const tooQuickly = (lived: Millis, startsecs: number): boolean => lived < startsecs * 1000

/** An expected exit ends one run of many, and is no reason to doubt the next. */
export const endsRuns = ({ backoff }: ProgramSpec): boolean =>
  backoff.kind === 'progress' && backoff.floor !== undefined

/** Between two starts. supervisord's own loop restarts what exited about once a second; we have no such loop. */
const BETWEEN_STARTS: Millis = 1000

/** How the death of a child that lived `lived` ms is judged, and so what state follows. */
export function verdict(process: Process, child: LiveChild, status: ExitStatus, at: Millis): Verdict {
  const { spec, state } = process
  const lived = at - child.since
  const restart = wantsRestart(spec, status)
  if (spec.backoff.kind === 'linear') {
    // supervisord: too early is a failed start, whatever the exit code; autorestart decides only after RUNNING.
    if (state === 'STARTING' && tooQuickly(lived, spec.startsecs)) return { state: 'BACKOFF' }
    return { state: 'EXITED', restartIn: restart ? restartDelay(spec.backoff, lived) : null }
  }
  // The Calculator: autorestart decides first; then a run that did its work is followed by the next at once.
  if (!restart) return { state: 'EXITED', restartIn: null }
  if (spec.backoff.floor !== undefined && expected(spec, status)) {
    return { state: 'EXITED', restartIn: Math.max(0, spec.backoff.floor - lived) }
  }
  return child.progressed || lived >= spec.backoff.max ? { state: 'EXITED', restartIn: 0 } : { state: 'BACKOFF' }
}

/** Wait before the start that follows the end of a run of `lived` ms, where that was no failed start. */
export function restartDelay(backoff: Backoff, lived: Millis): Millis {
  return backoff.kind === 'linear' ? (backoff.restartDelay ?? Math.max(0, BETWEEN_STARTS - lived)) : 0
}

/** Wait before the next start after `retries` failed ones in a row (1 or more). */
export function retryDelay(backoff: Backoff, retries: number): Millis {
  if (backoff.kind === 'linear') return Math.min(backoff.max ?? Infinity, retries * 1000)
  return retries === 1 ? 0 : Math.min(backoff.max, 500 * 2 ** (retries - 2))
}

/** The last failed start was one too many. Without autorestart the Calculator has no second try. */
export const exhausted = (spec: ProgramSpec, retries: number): boolean =>
  (spec.backoff.kind === 'progress' && spec.autorestart === false) ||
  (spec.startretries >= 0 && retries > spec.startretries)
