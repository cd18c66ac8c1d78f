/** Wakes those who wait for a process to change. */
export class StateWatch {
  readonly #waiting = new Map<string, (() => void)[]>()

  /** Something happened to the process; who waits looks for himself, after the turn that it happened in. */
  changed(namespec: string): void {
    const waiting = this.#waiting.get(namespec)
    if (waiting === undefined) return
    this.#waiting.delete(namespec)
    queueMicrotask(() => waiting.forEach((wake) => wake()))
  }

  /** Processes have come or gone: everybody looks, whatever he waits for. */
  rosterChanged(): void {
    for (const namespec of [...this.#waiting.keys()]) this.changed(namespec)
  }

  /** Asks `probe` now and after each change, until it gives something other than undefined. */
  async until<T>(namespec: string, probe: () => T | undefined): Promise<T> {
    for (;;) {
      const answer = probe()
      if (answer !== undefined) return answer
      await new Promise<void>((resolve) => {
        const waiting = this.#waiting.get(namespec)
        if (waiting) waiting.push(resolve)
        else this.#waiting.set(namespec, [resolve])
      })
    }
  }
}
