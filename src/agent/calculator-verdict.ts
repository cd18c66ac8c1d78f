// What became of a Calculator, and what that means for the agent.
import type { Config } from '../config/config.ts'
import { exitCodes } from '../domain/exit-codes.ts'
import type { ProcessSnapshot } from '../engine/snapshot.ts'
import { exitCodeOf } from '../os/exit-status.ts'
import { runsOnce } from './program.ts'

export interface CalculatorVerdict {
  /** The agent ends with this code; null: it goes on. */
  readonly code: number | null
  /** What a platform is to show of it; null: nothing. */
  readonly reason: string | null
  /** Not before everything that the Calculator said is stored. */
  readonly isLast: boolean
}

/** Null: nothing to be said. */
export function calculatorVerdict(
  name: string,
  { state, exit, spawnerr }: Pick<ProcessSnapshot, 'state' | 'exit' | 'spawnerr'>,
  config: Config,
): CalculatorVerdict | null {
  const code = exit === null ? exitCodes.notStarted : exitCodeOf(exit)
  if (state === 'FATAL') {
    const reason = `${name} FATAL: ${spawnerr}`
    if (config.calculator.exitOn !== 'never') return { code: code || 1, reason, isLast: false }
    if (runsOnce(config)) return { code: code || exitCodes.notStarted, reason, isLast: false }
    return { code: null, reason, isLast: true }
  }
  if (state !== 'EXITED' || !runsOnce(config)) return null
  const ended = exit?.signal == null ? `exit code ${code}` : exit.signal
  return { code, reason: code === 0 ? null : `${name} ended: ${ended}`, isLast: true }
}

/** A Calculator that broke its protocol, for which `fault` is the word, has not done its work, whatever its exit code. */
export const unlessBroken = (verdict: CalculatorVerdict, name: string, fault: string | null): CalculatorVerdict =>
  fault === null || verdict.code === null
    ? verdict
    : { ...verdict, code: exitCodes.brokenProtocol, reason: `${name} broke its protocol: ${fault}` }
