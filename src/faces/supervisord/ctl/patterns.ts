import { asProcesses } from './answers.ts'
import { isPattern, makeNamespec, matching } from './namespec.ts'
import type { Session } from './session.ts'

/**
 * The names that a word of the command line means: a pattern means the processes that fit it, any other word itself. A
 * pattern that fits nothing stays as it is, so that the server is the one who does not know it.
 */
export async function meant(session: Session, word: string): Promise<readonly string[]> {
  if (!isPattern(word)) return [word]
  const found = matching(word, asProcesses(await session.call('getAllProcessInfo')))
  return found.length === 0 ? [word] : found.map(({ group, name }) => makeNamespec(group, name))
}
