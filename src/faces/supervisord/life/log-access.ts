import { existsSync } from 'node:fs'
import { AgentError } from '../../../domain/errors.ts'
import type { LogChannel, LogFollower, TailedLog } from '../daemon.ts'
import { readLog, tailLog } from '../output/read-log.ts'
import type { Roster } from './roster.ts'
import type { Surroundings } from './surroundings.ts'

/** Logs for clients: pieces, ends, followers, and fresh beginnings. */
export class LogAccess {
  readonly #roster: Roster
  readonly #around: Surroundings
  readonly #mustRun: () => void

  /** @param mustRun raises SHUTDOWN_STATE */
  constructor(roster: Roster, around: Surroundings, mustRun: () => void) {
    this.#roster = roster
    this.#around = around
    this.#mustRun = mustRun
  }

  read(namespec: string, channel: LogChannel, offset: number, length: number): Uint8Array {
    this.#mustRun()
    return readLog(this.#roster.find(namespec)[channel].path, offset, length)
  }

  tail(namespec: string, channel: LogChannel, offset: number, length: number): TailedLog {
    this.#mustRun()
    return tailLog(this.#roster.find(namespec)[channel].path, offset, length)
  }

  clear(namespec: string): void {
    this.#mustRun()
    this.#roster.find(namespec).clearLogs(namespec)
  }

  follow(namespec: string, channel: LogChannel): LogFollower {
    const { path } = this.#roster.find(namespec)[channel]
    if (path === null) throw new AgentError('NO_FILE', namespec)
    return this.#around.followers.follow(path, namespec)
  }

  readMain(offset: number, length: number): Uint8Array {
    this.#mustRun()
    return readLog(this.#mainFile, offset, length)
  }

  clearMain(): void {
    const { mainLog, followers } = this.#around
    // supervisord: rpcinterface.clearLog, which names no file here.
    if (!existsSync(this.#mainFile)) throw new AgentError('NO_FILE', '')
    // What is no file has nothing to clear: reading its end raises FAILED.
    this.readMain(-1, 0)
    // Before the file is empty, as there: whoever clears it finds nothing in it, the copy on stdout has the line.
    mainLog.line('info', 'reopening log file')
    try {
      mainLog.clear()
    } catch (cause) {
      throw new AgentError('FAILED', '', { cause })
    }
    followers.touched(this.#mainFile)
  }

  followMain(): LogFollower {
    return this.#around.followers.follow(this.#mainFile, this.#mainFile)
  }

  /** SIGUSR2. */
  reopen(): void {
    const { mainLog } = this.#around
    mainLog.line('info', 'supervisord logreopen')
    mainLog.reopen()
    for (const process of this.#roster.processes()) process.reopenLogs()
  }

  get #mainFile(): string {
    return this.#around.settings.logfile
  }
}
