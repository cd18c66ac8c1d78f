import { AgentError } from '../../domain/errors.ts'
import { problem, type Finding } from '../../domain/finding.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { explain } from '../../kafka/errors.ts'

/** What `look` found; that it took too long, or broke off, is a finding too. */
export async function withLimit(
  check: Finding['check'],
  subject: string,
  { clock, limit }: { readonly clock: Clock; readonly limit: Millis },
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  const late = Promise.withResolvers<Finding[]>()
  const timer = clock.arm(limit, () => {
    const seen = `no answer to everything within ${limit / 1000} s`
    late.resolve([
      problem(check, subject, seen, 'look whether it is overloaded, or something on the way loses packets'),
    ])
  })
  try {
    return await Promise.race([look(), late.promise])
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error
    const seen = `broke off: ${error instanceof AgentError ? error.subject : explain(error)}`
    return [problem(check, subject, seen, 'try again; if it stays, look at the log of the other side')]
  } finally {
    timer.cancel()
  }
}
