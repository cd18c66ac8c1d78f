// One run of the benchmark, part by part; a part or a contender that fails is reported, and the others go on.
import { Inputs } from './inputs.ts'
import { measureLatency, type Latency } from './latency.ts'
import { measureLoaded } from './loaded.ts'
import type { Options, Part } from './options.ts'
import { contenders, plain, plan, type Section } from './plan.ts'
import type { Contender } from './contender.ts'
import { goPipelined } from './contenders/go-loops.ts'
import { kafkajsEcho } from './contenders/kafkajs-echo.ts'
import { oneToOneRaw, relayRaw } from './contenders/pidpiper.ts'
import { measureRestarts } from './restarts.ts'
import type { Results, Row } from './results.ts'
import { measureStart } from './start.ts'
import { measure, type Run } from './throughput.ts'
import type { Topics } from './topics.ts'

export class Bench {
  readonly failures: string[] = []
  readonly #topics: Topics
  readonly #inputs: Inputs
  readonly #options: Options
  readonly #signal: AbortSignal
  readonly #say: (line: string) => void

  constructor(topics: Topics, options: Options, signal: AbortSignal, say: (line: string) => void) {
    this.#topics = topics
    this.#inputs = new Inputs(topics, say)
    this.#options = options
    this.#signal = signal
    this.#say = say
  }

  /** What takes part and cannot, with the reason. */
  missing(): string[] {
    const reasons = contenders.flatMap((each) => (this.#asked(each.name) ? (each.unavailable(plain) ?? []) : []))
    return [...new Set(reasons)]
  }

  async throughput(): Promise<Row[]> {
    const rows: Row[] = []
    for (const section of plan(this.#options)) if (this.#runs(section.name)) rows.push(...(await this.#rounds(section)))
    return rows
  }

  async latencies(): Promise<Latency[][]> {
    if (!this.#runs('latency')) return []
    const peers = [kafkajsEcho, relayRaw, oneToOneRaw, goPipelined].filter((each) => each.unavailable(plain) === null)
    const taking = [null, ...peers]
    const once = (contender: Contender | null): Promise<Latency | null> =>
      this.#attempt(`latency of ${contender?.name ?? 'the bare one way'}`, () =>
        measureLatency(contender, this.#topics, this.#options.latencySeconds, this.#signal),
      )
    // Not counted: this process, which sends and receives, is not compiled yet.
    await once(null)
    const rounds: Latency[][] = []
    for (let round = 0; round < this.#options.rounds; round++) {
      const found: Latency[] = []
      for (const contender of rotated(taking, round)) {
        const result = await once(contender)
        if (result) found.push(result)
      }
      rounds.push(found)
    }
    return rounds
  }

  async restarts(): Promise<Results['restarts']> {
    const protocols = this.#runs('restart') ? (['relay', 'one-to-one'] as const) : []
    return this.#each(protocols, 'restarts', (protocol) =>
      measureRestarts(protocol, this.#topics, this.#options.restarts, this.#signal),
    )
  }

  async starts(): Promise<Results['starts']> {
    const rounds = this.#runs('start') ? Array.from({ length: this.#options.rounds }, (_, index) => index + 1) : []
    return this.#each(rounds, 'start', () => measureStart(this.#topics, this.#signal))
  }

  async loaded(): Promise<Results['loaded']> {
    if (!this.#runs('loaded')) return null
    const input = await this.#inputs.of(plain, this.#options.records)
    return this.#attempt('relay raw under full load', () => measureLoaded(this.#topics, input, this.#signal))
  }

  async #rounds({ name: section, cells }: Section): Promise<Row[]> {
    const able = cells.filter(({ contender, workload }) => contender.unavailable(workload) === null)
    const rows = able
      .filter(({ contender }) => this.#asked(contender.name))
      .map((cell) => ({ ...cell, section, name: cell.contender.name, runs: [] as (Run | null)[] }))
    const [first] = rows
    if (first === undefined) return []
    const warmUp = { ...first }
    const inputs = new Map<object, Awaited<ReturnType<Inputs['of']>>>()
    for (const row of rows) inputs.set(row, await this.#inputs.of(row.workload, row.records))
    const once = async (row: (typeof rows)[number], what: string): Promise<Run | null> => {
      const input = inputs.get(row)
      return input ? this.#attempt(what, () => measure(row.contender, this.#topics, input, this.#signal)) : null
    }
    inputs.set(
      warmUp,
      [...inputs.values()].reduce((least, each) => (each.records < least.records ? each : least)),
    )
    await once(warmUp, `warm-up of the broker, not counted, with ${first.name}`)
    for (let round = 0; round < this.#options.rounds; round++) {
      for (const row of rotated(rows, round)) {
        const run = await once(row, `${section} ${round + 1}/${this.#options.rounds} ${row.name}`)
        row.runs.push(run)
        if (run) this.#say(`  ${speed(run)}`)
      }
    }
    return rows.map(({ name, workload, records, runs }) => ({ section, name, workload, records, runs }))
  }

  async #each<A, T>(of: readonly A[], what: string, work: (each: A) => Promise<T>): Promise<T[]> {
    const found: T[] = []
    for (const each of of) {
      const result = await this.#attempt(`${what} ${String(each)}`, () => work(each))
      if (result) found.push(result)
    }
    return found
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    this.#signal.throwIfAborted()
    this.#say(`${what} …`)
    try {
      return await work()
    } catch (error) {
      this.#signal.throwIfAborted()
      const failure = `${what}: ${error instanceof Error ? error.message : String(error)}`
      this.failures.push(failure)
      this.#say(`FAILED ${failure}`)
      return null
    }
  }

  #runs(part: Part): boolean {
    const { only } = this.#options
    const some = only.filter((name) => contenders.every((each) => each.name !== name))
    return some.length === 0 || some.includes(part)
  }

  #asked(contender: string): boolean {
    const some = this.#options.only.filter((name) => contenders.some((each) => each.name === name))
    return some.length === 0 || some.includes(contender)
  }
}

/** Another one begins each round, so that none always runs behind the same neighbour. */
function rotated<T>(all: readonly T[], round: number): T[] {
  const at = round % all.length
  return [...all.slice(at), ...all.slice(0, at)]
}

function speed({ recordsPerSecond, steadyPerSecond, seconds, checkpoints, duplicates }: Run): string {
  const k = (value: number | null): string => (value === null ? '–' : `${(value / 1000).toFixed(0)} k/s`)
  const more = duplicates > 0 ? `, ${duplicates} duplicates` : ''
  const marks = checkpoints ? `, ${checkpoints.all} checkpoints` : ''
  return `${k(recordsPerSecond)}, steady ${k(steadyPerSecond)}, ${seconds.toFixed(2)} s${marks}${more}`
}
