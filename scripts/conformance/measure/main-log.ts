// Watches the main log of a daemon: asking by XML-RPC would wake the real one and change what is measured.
import { closeSync, openSync, readSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const ENTERED = 'entered RUNNING state'

/** Resolves with the instant (performance.now) at which `count` such lines have come, after those counted before. */
export class MainLog {
  readonly #file: number
  readonly #buffer = Buffer.alloc(256 * 1024)
  #rest = ''
  #entered = 0

  constructor(path: string) {
    this.#file = openSync(path, 'r')
  }

  async entered(count: number, timeout = 60_000): Promise<number> {
    const wanted = this.#entered + count
    const end = performance.now() + timeout
    for (;;) {
      this.#read()
      const now = performance.now()
      if (this.#entered >= wanted) return now
      if (now > end) throw new Error(`${this.#entered} of ${wanted} programs entered RUNNING within ${timeout} ms`)
      await pause(0.5)
    }
  }

  #read(): void {
    for (;;) {
      const size = readSync(this.#file, this.#buffer)
      if (size === 0) return
      const lines = (this.#rest + this.#buffer.toString('latin1', 0, size)).split('\n')
      this.#rest = lines.pop() ?? ''
      this.#entered += lines.filter((line) => line.includes(ENTERED)).length
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}
