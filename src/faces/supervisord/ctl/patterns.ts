// Which processes a word of the command line means: a pattern those that fit it, else a process or a whole group.
import { isPattern, makeNamespec, matching, splitNamespec } from '../namespec.ts'
import { asProcesses, type ProcessInfo } from './answers.ts'
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

/** The processes of a list that a word means; none where it means nothing there. */
export function meantAmong(word: string, all: readonly ProcessInfo[]): readonly ProcessInfo[] {
  if (isPattern(word)) return matching(word, all)
  const { group, process } = splitNamespec(word)
  return all.filter((info) => info.group === group && (process === null || info.name === process))
}
