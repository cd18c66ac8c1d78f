// What the machine took from a test: a promise about time is about the agent, not about who else wants the CPU.
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'

const TICK = 20
/** A timer may be this late, in ms, where nothing is wrong. */
const LATE = 5

/**
 * Sees, from now until the test is over, when this process could not run (a timer is late), and when the main thread of
 * one of `watched` was ready to run and had no CPU (/proc/PID/schedstat; a throttled cgroup is seen there too). A moment
 * that several of them lost counts once. Times in ms since the epoch, as in the agent's log.
 */
export class Stalls {
  readonly #seen: { readonly from: number; readonly to: number }[] = []
  readonly #waited: Map<number, number>
  #last = Date.now()

  constructor(t: TestContext, ...watched: readonly { readonly pid: number }[]) {
    this.#waited = new Map(watched.map(({ pid }) => [pid, waitOf(pid)]))
    const timer = setInterval(() => this.#look(), TICK)
    t.after(() => clearInterval(timer))
  }

  /** Ms from `from` to `to`, stalls left out. */
  elapsed(from: number, to = Date.now()): number {
    return to - from - this.between(from, to)
  }

  /** Ms that `work` takes, stalls left out. */
  async timed(work: () => Promise<unknown>): Promise<number> {
    const from = Date.now()
    await work()
    return this.elapsed(from)
  }

  /** Ms of stalls in that time. */
  between(from: number, to: number): number {
    this.#look()
    let [sum, counted] = [0, from]
    for (const stall of this.#seen.toSorted((a, b) => a.from - b.from)) {
      const [first, end] = [Math.max(stall.from, counted), Math.min(stall.to, to)]
      if (end <= first) continue
      sum += end - first
      counted = end
    }
    return sum
  }

  #look(): void {
    const now = Date.now()
    if (now - this.#last > TICK + LATE) this.#seen.push({ from: this.#last + TICK, to: now })
    this.#last = now
    for (const [pid, before] of this.#waited) {
      const wait = waitOf(pid)
      if (wait - before >= 1) this.#seen.push({ from: now - (wait - before), to: now })
      this.#waited.set(pid, wait)
    }
  }
}

/** Ms that the main thread ever waited for a CPU; 0 for a process that is gone, or where the kernel does not tell. */
function waitOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1] ?? 0) / 1e6
  } catch {
    return 0
  }
}
