// Several workers where there can be one only are refused, not made fewer in silence.
import { workersProblem } from '../domain/stream/dealing.ts'
import type { Config } from './config.ts'
import type { Findings } from './findings.ts'

/** What the run document may still bring is judged with it (agent/obstacle.ts). */
export function checkWorkers(findings: Findings, { input, streams, rules }: Config): void {
  if (findings.mayCome('calculator')) return
  const problem = workersProblem({ ...rules, workers: streams.workers, local: input.kind === 'file' })
  if (problem !== null) findings.problem('WORKERS', `should be 1: ${problem}`)
}
