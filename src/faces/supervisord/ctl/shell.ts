// The shell: status, then a prompt, until the input ends or somebody leaves. Its exit code is always 0.
import { readFileSync, writeFileSync } from 'node:fs'
import { messageOf } from '../../../domain/errors.ts'
import { completer } from './completion.ts'
import { perform } from './perform.ts'
import type { Session } from './session.ts'
import { Interrupted, type Terminal } from './terminal.ts'

const LINES = 1000

/** @param historyFile absolute; one that cannot be read or written is no reason to stop (as in supervisord) */
export async function shell(session: Session, prompt: string, historyFile: string | null): Promise<void> {
  const { terminal } = session
  if (historyFile !== null) terminal.history = readHistory(historyFile)
  try {
    let over = await perform(session, 'status')
    while (!over) {
      const line = await terminal.ask(`${prompt}> `, { complete: completer(session) })
      over = await perform(session, line ?? 'EOF')
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    terminal.write('\n')
  }
  if (historyFile !== null) saveHistory(historyFile, terminal)
}

function readHistory(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.filter((line) => line !== '').slice(-LINES)
  } catch {
    // There is none before the first time.
    return []
  }
}

function saveHistory(file: string, terminal: Terminal): void {
  try {
    const lines = terminal.history.slice(-LINES).map((line) => `${line}\n`)
    writeFileSync(file, lines.join(''), { mode: 0o600 })
  } catch (error) {
    terminal.writeError(`Warning: cannot keep the history: ${messageOf(error)}\n`)
  }
}
