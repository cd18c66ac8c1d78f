// Counts an agent's checkpoints while it works, from its /status.
import { setTimeout as pause } from 'node:timers/promises'
import type { Snapshot } from '../src/engine/snapshot.ts'

const EVERY_MS = 200

export class CheckpointWatch {
  readonly #seen: { readonly ms: number; readonly count: number }[] = []
  readonly #over = new AbortController()
  readonly #done: Promise<void>

  /** Looks until `stop`; `start` is an instant of performance.now(), from which its times count. */
  constructor(http: string, start: number) {
    this.#done = this.#watch(`http://${http}/status`, start)
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await this.#done
  }

  between(fromMs: number, toMs: number): number {
    const at = (ms: number): number => this.#seen.findLast((look) => look.ms <= ms)?.count ?? 0
    return at(toMs) - at(fromMs)
  }

  async #watch(url: string, start: number): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      try {
        const { streams } = (await (await fetch(url, { signal })).json()) as Snapshot
        const { checkpointsProven = 0, checkpointsAssumed = 0 } = streams[0]?.counters ?? {}
        this.#seen.push({ ms: performance.now() - start, count: checkpointsProven + checkpointsAssumed })
      } catch {
        // It does not listen yet; or this is over.
      }
      await pause(EVERY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}
