import { AgentError } from '../../domain/errors.ts'
import { problem, type Finding } from '../../domain/finding.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { explain } from '../../kafka/errors.ts'

/** What `look` added; that it took too long, or broke off, is a finding too, beside those that were there by then. */
export async function withLimit(
  check: Finding['check'],
  subject: string,
  { clock, limit }: { readonly clock: Clock; readonly limit: Millis },
  look: (add: (findings: readonly Finding[]) => void) => Promise<void>,
): Promise<Finding[]> {
  const found: Finding[] = []
  const late = Promise.withResolvers<undefined>()
  const timer = clock.arm(limit, () => {
    const seen = `no answer to everything within ${limit / 1000} s`
    found.push(problem(check, subject, seen, 'look whether it is overloaded, or something on the way loses packets'))
    late.resolve(undefined)
  })
  try {
    await Promise.race([look((findings) => found.push(...findings)), late.promise])
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error
    const seen = `broke off: ${error instanceof AgentError ? error.subject : explain(error)}`
    found.push(problem(check, subject, seen, 'try again; if it stays, look at the log of the other side'))
  } finally {
    timer.cancel()
  }
  return [...found]
}
