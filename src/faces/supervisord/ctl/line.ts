// One line of the shell, or the words of the command line joined (Python: cmd.Cmd.parseline).
import { strip } from '../../../wire/ini/python-text.ts'

export interface Line {
  /** Empty where the line begins with no letter. */
  readonly action: string
  /** The rest, trimmed. */
  readonly argument: string
  /** The whole line, trimmed. */
  readonly text: string
}

/** The action is all letters, digits and underscores at the start, so `tail-100 x` is `tail -100 x`; `?x` asks for help. One of ours has a dash. */
export function parseLine(line: string): Line {
  const stripped = strip(line)
  const text = stripped.startsWith('?') ? `help ${stripped.slice(1)}` : stripped
  const action = /^(rolling-restart(?=\s|$)|[A-Za-z0-9_]*)/.exec(text)?.[0] ?? ''
  return { action, argument: strip(text.slice(action.length)), text }
}

/** Python: str.split. */
export const wordsOf = (argument: string): string[] => argument.split(/\s+/).filter((word) => word !== '')
