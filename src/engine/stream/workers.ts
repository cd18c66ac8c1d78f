import type { Dealing } from '../../domain/stream/dealing.ts'
import type { Millis } from '../../domain/time.ts'
import { Dealer } from './dealer.ts'
import type { RecordConsumer } from '../ports.ts'
import type { StreamSnapshot } from '../snapshot.ts'
import type { StreamSides } from './stream-parts.ts'
import type { StreamProxy } from './stream-proxy.ts'

export interface WorkersParts {
  readonly dealing: Dealing
  /** The stream of worker `worker` among `count`. */
  readonly proxy: (sides: StreamSides, worker: number, count: number) => StreamProxy
  readonly failed: (error: unknown) => void
}

/** The streams of all workers before one source: what happens to all of them happens here. */
export class Workers {
  readonly #parts: WorkersParts
  readonly #dealer: Dealer
  #proxies: readonly StreamProxy[]
  #source: StreamSides['source']
  /** The source that was left to others. */
  #aside: StreamSides['source'] | null = null

  constructor(parts: WorkersParts, sides: StreamSides, count: number) {
    this.#parts = parts
    this.#source = sides.source
    this.#dealer = new Dealer({ ...parts, source: sides.source, workers: count })
    this.#proxies = this.#newProxies(sides)
  }

  /** Where the source brings its records. */
  get consumer(): RecordConsumer {
    return this.#dealer
  }

  /** By worker: each belongs to one process. */
  get proxies(): readonly StreamProxy[] {
    return this.#proxies
  }

  /** Resolves when everything that dead incarnations left behind is stored, committed or due to be fetched again. */
  async finished(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.finished))
  }

  /** As `StreamProxy.fault`, of the first that has one. */
  get fault(): string | null {
    return this.#proxies.find(({ fault }) => fault !== null)?.fault ?? null
  }

  /** As `StreamProxy.drain`, of all at once. */
  async drain(limit: Millis, goesOn = false): Promise<boolean> {
    const drained = await Promise.all(this.#proxies.map((proxy) => proxy.drain(limit, goesOn)))
    return drained.every(Boolean)
  }

  resume(): void {
    for (const proxy of this.#proxies) proxy.resume()
  }

  /**
   * Exchanges the sides that differ, and begins anew with other streams where there are to be more or fewer workers.
   * Drained first; of streams that end nothing may be on its way out, and their processes are to be stopped.
   */
  use(sides: StreamSides, count: number): void {
    if (sides.source !== this.#source) this.#dealer.use(sides.source)
    this.#source = sides.source
    for (const [worker, proxy] of this.#proxies.entries()) proxy.use(this.#sidesOf(sides, worker))
    if (count === this.#proxies.length) return
    this.close()
    this.#dealer.become(count)
    this.#proxies = this.#newProxies(sides)
  }

  /** The partitions are left to others. */
  get standsAside(): boolean {
    return this.#aside === this.#source
  }

  /** Leaves the partitions to others, until `comeBack`. False: this source has nobody to leave them to. */
  async standAside(): Promise<boolean> {
    const source = this.#source
    if (!source.standAside) return false
    this.#aside = source
    await source.standAside()
    return true
  }

  comeBack(): void {
    this.#aside?.comeBack?.()
    this.#aside = null
  }

  abandonOutput(): void {
    for (const proxy of this.#proxies) proxy.abandonOutput()
  }

  close(): void {
    for (const proxy of this.#proxies) proxy.close()
  }

  snapshots(): StreamSnapshot[] {
    return this.#proxies.map((proxy) => proxy.snapshot())
  }

  #newProxies(sides: StreamSides): readonly StreamProxy[] {
    const { length: count } = this.#dealer.sources
    const proxies = Array.from({ length: count }, (_, worker) =>
      this.#parts.proxy(this.#sidesOf(sides, worker), worker, count),
    )
    this.#dealer.serve(proxies.map(({ consumer }) => consumer))
    return proxies
  }

  #sidesOf(sides: StreamSides, worker: number): StreamSides {
    const { sources } = this.#dealer
    const source = sources[worker] ?? sides.source
    return { ...sides, source, encoding: sources.length > 1 ? sides.encoding.ofWorker(worker) : sides.encoding }
  }
}
