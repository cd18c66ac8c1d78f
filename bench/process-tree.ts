// What a process and everything below it cost, from /proc. Figures of processes that have gone are those last seen.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const KIB = 1024

interface Cost {
  readonly comm: string
  /** Ticks since boot; with the pid it names one process for ever. */
  readonly startTime: string
  readonly cpuSeconds: number
  readonly rssBytes: number
  readonly peakBytes: number
}

export interface Costs {
  readonly agent: { readonly cpuSeconds: number; readonly rssBytes: number; readonly peakBytes: number }
  readonly withChild: { readonly cpuSeconds: number; readonly rssBytes: number; readonly peakBytes: number }
}

export class ProcessTree {
  readonly #root: number
  readonly #costs = new Map<number, Cost>()
  readonly #gone = new Set<number>()

  constructor(root: number) {
    this.#root = root
  }

  /** Looks at all of them once. */
  sample(): void {
    this.#visit(this.#root)
    for (const pid of this.#costs.keys()) if (!this.#gone.has(pid) && pid !== this.#root) this.#look(pid)
  }

  /** Living children of the root with that command name. */
  children(comm: string): number[] {
    return childrenOf(this.#root).filter((pid) => readCost(pid)?.comm === comm)
  }

  /**
   * `cat` is the child; a shell that only joins a pipe together is nobody; all else is the agent. Sums over processes;
   * of peaks too, so that "with child" is an upper bound.
   */
  costs(): Costs {
    const all = [...this.#costs.values()].filter(({ comm }) => comm !== 'sh')
    return { agent: sum(all.filter(({ comm }) => comm !== 'cat')), withChild: sum(all) }
  }

  /** Kills those that still live; a pid that meanwhile belongs to another process is left alone. */
  killAll(): void {
    for (const [pid, { startTime }] of this.#costs) {
      if (readCost(pid)?.startTime === startTime) process.kill(pid, 'SIGKILL')
    }
  }

  #visit(pid: number): void {
    this.#look(pid)
    for (const child of childrenOf(pid)) if (!this.#costs.has(child)) this.#visit(child)
  }

  #look(pid: number): void {
    const cost = readCost(pid)
    if (cost === null) this.#gone.add(pid)
    else this.#costs.set(pid, cost)
  }
}

/** CPU seconds of all processes that this one has started and that have ended, with all below them. */
export const endedChildrenCpu = (): number => {
  const fields = statFields(read('/proc/self/stat'))
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

function sum(costs: readonly Cost[]): Costs['agent'] {
  const total = (of: (cost: Cost) => number): number => costs.reduce((all, cost) => all + of(cost), 0)
  return {
    cpuSeconds: total((cost) => cost.cpuSeconds),
    rssBytes: total((cost) => cost.rssBytes),
    peakBytes: total((cost) => cost.peakBytes),
  }
}

/** Each thread lists the children that it made itself. */
const childrenOf = (pid: number): number[] =>
  threadsOf(pid).flatMap((tid) =>
    read(`/proc/${pid}/task/${tid}/children`)
      .split(' ')
      .flatMap((word) => (word === '' ? [] : [Number(word)])),
  )

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it has gone
  }
}

/** Null for a process that has gone, or waits to be reaped: it has no memory any more. */
function readCost(pid: number): Cost | null {
  const status = read(`/proc/${pid}/status`)
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN)
  const peak = kib('VmHWM')
  if (Number.isNaN(peak)) return null
  const stat = read(`/proc/${pid}/stat`)
  const fields = statFields(stat)
  return {
    comm: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    startTime: fields[19] ?? '',
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: kib('VmRSS') * KIB,
    peakBytes: peak * KIB,
  }
}

/** The fields behind the command name, which may itself have blanks: [0] is the state, proc(5)'s field 3. */
const statFields = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')

/** Empty where the process has gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
