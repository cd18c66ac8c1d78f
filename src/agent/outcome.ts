import { AgentError } from '../domain/errors.ts'
import type { Log } from '../log.ts'

/** How the agent ends. `reason`: what a platform is to show of it; null where the end was asked for. */
export interface Outcome {
  readonly code: number
  readonly reason: string | null
}

const UNAVAILABLE = 69
const BUG = 70

/** What an error makes of the agent, told to the log; null for one that says no more than that it is leaving. */
export function failure(error: unknown, isLeaving: boolean, log: Pick<Log, 'line'>): Outcome | null {
  const known = error instanceof AgentError ? error : null
  if (isLeaving && known?.code === 'SHUTDOWN_STATE') return null
  const reason = known?.subject ?? String(error)
  log.line('fatal', reason, { event: 'agent.failed', err: error })
  return { code: known?.code === 'UNAVAILABLE' ? UNAVAILABLE : BUG, reason }
}
