/** Hooks that nobody waits for at once: those of one process run one after the other, and outlive its removal. */
export class HookQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  /** `work` never rejects. */
  add(namespec: string, work: () => Promise<unknown>): void {
    const mine = (this.#last.get(namespec) ?? Promise.resolve()).then(work)
    this.#last.set(namespec, mine)
    void mine.then(() => {
      if (this.#last.get(namespec) === mine) this.#last.delete(namespec)
    })
  }

  /** Resolves when nothing of the process is left to do. */
  async idle(namespec: string): Promise<void> {
    for (let last = this.#last.get(namespec); last !== undefined; last = this.#last.get(namespec)) await last
  }

  async allIdle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values())
  }
}
