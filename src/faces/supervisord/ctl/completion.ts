// What the tabulator offers (supervisord: Controller.complete).
import { asProcesses, type ProcessInfo } from './answers.ts'
import { actions } from './help.ts'
import { wordsOf } from './line.ts'
import type { Session } from './session.ts'
import type { Completion } from './terminal.ts'

const forGroups: readonly string[] = ['add', 'remove', 'update']
const forProcesses: readonly string[] = [
  ...['clear', 'fg', 'pid', 'restart', 'rolling-restart', 'signal', 'start', 'status', 'stop', 'tail'],
]

/** Completes lines; the server is asked once for all keys of one line. */
export function completer(session: Session): (line: string) => Promise<Completion> {
  let known: Promise<readonly ProcessInfo[]> | null = null
  const ask = async (): Promise<readonly ProcessInfo[]> => {
    try {
      return asProcesses(await session.call('getAllProcessInfo'))
    } catch {
      // A key that completes nothing says it all; the command itself will tell what is wrong.
      return []
    }
  }
  return async (line) => {
    const [action = '', ...more] = wordsOf(line)
    const typed = /\S*$/.exec(line)?.[0] ?? ''
    const fits = (names: readonly string[]): Completion => ({
      words: names.filter((name) => name.startsWith(typed)).map((name) => `${name} `),
      typed,
    })
    if (action === '' || (more.length === 0 && typed !== '') || action === 'help') return fits(actions)
    if (!forGroups.includes(action) && !forProcesses.includes(action)) return fits([])
    known ??= ask()
    const infos = await known
    return fits(forGroups.includes(action) ? groupsOf(infos) : namesOf(infos, typed.includes(':')))
  }
}

const groupsOf = (infos: readonly ProcessInfo[]): string[] => [...new Set(infos.map(({ group }) => group))]

/** Those with a group of their own appear with it only where a colon was typed. */
const namesOf = (infos: readonly ProcessInfo[], withGroups: boolean): string[] => [
  ...new Set(
    infos.flatMap(({ group, name }) => {
      return withGroups || name !== group ? [`${group}:${name}`, `${group}:*`] : [name]
    }),
  ),
]
