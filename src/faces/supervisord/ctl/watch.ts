// `status --watch`: the same look again and again, until Ctrl-C.
import { setTimeout as pause } from 'node:timers/promises'
import { perform } from './perform.ts'
import type { Session } from './session.ts'
import type { Terminal } from './terminal.ts'

const CLEAR = '\u001b[H\u001b[J'

/** Each look is written at once, over the one before it on a terminal, below it elsewhere. */
export function inPictures(terminal: Terminal): Terminal & { show(): void } {
  let picture = ''
  return {
    ...{ ask: terminal.ask.bind(terminal), onInterrupt: terminal.onInterrupt.bind(terminal), history: [] },
    ...{ isTerminal: terminal.isTerminal, writeError: terminal.writeError.bind(terminal) },
    write: (text) => (picture += typeof text === 'string' ? text : new TextDecoder().decode(text)),
    show: () => {
      terminal.write((terminal.isTerminal ? CLEAR : '') + picture)
      picture = ''
    },
  }
}

/** @param line a `status`; its exit code is that of the last look */
export async function watch(session: Session, line: string, seconds: number, show: () => void): Promise<void> {
  const stopped = new AbortController()
  const unhook = session.terminal.onInterrupt(() => stopped.abort())
  while (!stopped.signal.aborted) {
    session.exitStatus = 0
    await perform(session, line)
    show()
    await pause(seconds * 1000, undefined, { signal: stopped.signal }).catch(() => undefined)
  }
  unhook()
}
