import { closeSync, openSync, readSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const ENTERED = /^(\d+-\d+-\d+) (\d+:\d+:\d+),(\d+) INFO success: \S+ entered RUNNING state/

/** Watches the main log of a daemon: asking by XML-RPC would wake the real one and change what is measured. */
export class MainLog {
  readonly #file: number
  readonly #buffer = Buffer.alloc(256 * 1024)
  #rest = ''
  /** Instants of such lines that nobody has asked for yet, ms since the epoch. */
  readonly #seen: number[] = []

  constructor(path: string) {
    this.#file = openSync(path, 'r')
  }

  /**
   * Resolves with the instant that the daemon itself wrote (ms since the epoch, it runs in UTC) into the last of the
   * next `count` lines about programs that entered RUNNING: so a busy machine delays the reader and not the result.
   */
  async entered(count: number, timeout = 120_000): Promise<number> {
    const end = performance.now() + timeout
    for (;;) {
      this.#read()
      if (this.#seen.length >= count) return this.#seen.splice(0, count).at(-1) ?? NaN
      if (performance.now() > end) throw new Error(`${this.#seen.length} of ${count} RUNNING within ${timeout} ms`)
      await pause(2)
    }
  }

  #read(): void {
    for (;;) {
      const size = readSync(this.#file, this.#buffer)
      if (size === 0) return
      const lines = (this.#rest + this.#buffer.toString('latin1', 0, size)).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) {
        const [, day, time, ms] = ENTERED.exec(line) ?? []
        if (day !== undefined) this.#seen.push(Date.parse(`${day}T${time}.${ms}Z`))
      }
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}
