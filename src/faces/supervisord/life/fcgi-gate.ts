// The listening socket that the processes of an fcgi-program share as their stdin (supervisord: SocketManager).
import { AgentError, messageOf } from '../../../domain/errors.ts'
import type { FcgiSocket } from '../config/types.ts'
import type { MainLog } from '../main-log/main-log.ts'

export interface ListeningSocket {
  readonly fd: number
  close(): void
}

/** Raises a system error. */
export type OpenSocket = (socket: FcgiSocket) => ListeningSocket

/** Open from the first process that needs it to the last one. */
export class FcgiGate {
  readonly #socket: FcgiSocket
  readonly #open: OpenSocket
  readonly #mainLog: MainLog
  #opened: ListeningSocket | null = null
  #users = 0

  constructor(socket: FcgiSocket, open: OpenSocket, mainLog: MainLog) {
    this.#socket = socket
    this.#open = open
    this.#mainLog = mainLog
  }

  /** Opens and closes it once, so that a wrong address is known at the start. Raises BAD_CONFIGURATION. */
  probe(): void {
    this.enter()
    this.leave()
  }

  enter(): number {
    if (this.#opened === null) {
      this.#mainLog.line('info', `Creating socket ${this.#socket.url}`)
      try {
        this.#opened = this.#open(this.#socket)
      } catch (cause) {
        const reason = messageOf(cause)
        throw new AgentError('SPAWN_ERROR', `Could not create FastCGI socket ${this.#socket.url}: ${reason}`, { cause })
      }
    }
    this.#users++
    return this.#opened.fd
  }

  leave(): void {
    if (this.#users === 0 || --this.#users > 0) return
    this.#mainLog.line('info', `Closing socket ${this.#socket.url}`)
    this.#opened?.close()
    this.#opened = null
  }
}
