// Several Calculators before one source, in memory: the streams of an agent without the agent.
import assert from 'node:assert/strict'
import type { Dealing } from '../../src/domain/stream/dealing.ts'
import type { Protocol } from '../../src/domain/stream/settings.ts'
import { EventRing } from '../../src/engine/event-ring.ts'
import type { StreamSides } from '../../src/engine/stream/stream-parts.ts'
import { StreamProxy } from '../../src/engine/stream/stream-proxy.ts'
import { Workers } from '../../src/engine/stream/workers.ts'
import { FakeClock } from './fake-clock.ts'
import { quietParts, quietSides } from './quiet-stream.ts'
import { PartitionedSource, type KeyedValue } from './partitioned-source.ts'
import type { DeadLetter } from '../../src/domain/stream/value-batch.ts'
import { SlowLetters } from './slow-letters.ts'
import { MemoryCalculator, MemorySink } from './stream-world.ts'

export interface WorkersOptions {
  readonly protocol: Protocol
  readonly dealing: Dealing
  readonly workers: number
  readonly values: readonly (readonly KeyedValue[])[]
  readonly atOnce?: number
  readonly work?: number
  readonly bufferBytes?: number
  readonly atMostOnce?: boolean
  /** How long a dead letter takes, in ms. */
  readonly letterTime?: number
  /** What a Calculator says to a line; null: it dies of it. */
  readonly answer?: (line: string, worker: number) => string | null
}

export class WorkersWorld {
  readonly clock = new FakeClock()
  readonly events = new EventRing(this.clock)
  readonly sink = new MemorySink(this.clock, 3)
  readonly letters: { readonly stored: DeadLetter[] } = { stored: [] }
  source: PartitionedSource
  sides: StreamSides
  readonly workers: Workers
  readonly #options: WorkersOptions
  readonly #children = new Map<StreamProxy, MemoryCalculator>()
  #pid = 0

  constructor(options: WorkersOptions) {
    this.#options = options
    this.source = new PartitionedSource(options.values, options.atOnce ?? 4)
    this.sides = quietSides(this.clock, {
      ...{ source: this.source, sink: this.sink, letters: this.#newLetters() },
      protocol: options.protocol,
    })
    const parts = {
      dealing: options.dealing,
      failed: (error: unknown) => assert.fail(String(error)),
      proxy: (sides: StreamSides, worker: number, count: number) => this.#proxy(sides, worker, count),
    }
    this.workers = new Workers(parts, this.sides, options.workers)
  }

  async begin(): Promise<void> {
    this.openAll()
    await this.source.start(this.workers.consumer)
    this.source.assign([...this.#options.values.keys()])
  }

  openAll(): void {
    for (const [worker, proxy] of this.workers.proxies.entries()) this.open(proxy, worker)
  }

  open(proxy: StreamProxy, worker: number): void {
    const { work = 5, answer = (line: string) => `${line}\n` } = this.#options
    const child: MemoryCalculator = new MemoryCalculator(
      ++this.#pid,
      this.clock,
      work,
      (line) => answer(line, worker),
      (code) => this.#over(proxy, worker, child, code),
    )
    this.#children.set(proxy, child)
    proxy.opened(child)
  }

  /** As from outside; `again`: another one follows at once. */
  kill(worker: number, again = true): void {
    const proxy = this.workers.proxies[worker]
    const child = proxy && this.#children.get(proxy)
    if (!proxy || child?.alive !== true) return
    child.die()
    proxy.closed(child, { code: null, signal: 'SIGKILL' }, true)
    if (again) this.open(proxy, worker)
  }

  /** As an adoption does it. */
  async become(count: number): Promise<void> {
    await this.while(this.workers.drain(100))
    for (const worker of this.workers.proxies.keys()) this.kill(worker, false)
    await this.while(this.workers.finished())
    this.workers.use(this.sides, count)
    this.openAll()
    this.workers.resume()
  }

  /** As an adoption does it that names another dead-letter topic. */
  async exchangeLetters(): Promise<void> {
    const { letters } = this.sides
    this.sides = { ...this.sides, letters: this.#newLetters() }
    this.workers.use(this.sides, this.workers.proxies.length)
    await letters.close()
  }

  /** As an adoption does it that names other topics, and this one again. */
  async exchangeSource(): Promise<void> {
    const isDrained = await this.while(this.workers.drain(100, true))
    if (!isDrained) for (const worker of this.workers.proxies.keys()) this.kill(worker, false)
    await this.while(this.workers.finished())
    const old = this.source
    this.source = old.successor()
    this.sides = { ...this.sides, source: this.source }
    this.workers.use(this.sides, this.workers.proxies.length)
    const { owned } = old
    await old.close()
    if (!isDrained) this.openAll()
    this.workers.resume()
    await this.source.start(this.workers.consumer)
    this.source.assign(owned)
  }

  /** Lets time pass until `work` is done. */
  async while<T>(work: Promise<T>): Promise<T> {
    const done: T[] = []
    const ended = work.then((value) => done.push(value))
    for (let ms = 0; done.length === 0; ms++) {
      assert.ok(ms < 5000, 'it does not end')
      await Promise.race([this.clock.advance(1), ended])
    }
    return work
  }

  get isDone(): boolean {
    return this.#options.values.every((values, partition) => this.source.committed[partition] === values.length)
  }

  /** Nothing below a commit is missing in the output. */
  check(): void {
    const stored = new Set(this.sink.stored)
    for (const [partition, values] of this.#options.values.entries()) {
      for (const { value } of values.slice(0, this.source.committed[partition])) {
        assert.ok(
          value === null || stored.has(value) || this.#isLetter(value),
          `${String(value)} is committed, not stored`,
        )
      }
    }
  }

  async toTheEnd(limit = 20_000): Promise<void> {
    for (let ms = 0; ms < limit && !this.isDone; ms += 50) {
      await this.clock.advance(50)
      this.check()
    }
    assert.deepEqual(
      this.source.committed,
      this.#options.values.map(({ length }) => length),
      'everything is committed in the end',
    )
  }

  #newLetters(): SlowLetters {
    return new SlowLetters(this.clock, this.#options.letterTime ?? 0, this.letters.stored)
  }

  #isLetter(value: string): boolean {
    return this.letters.stored.some((letter) => Buffer.from(letter.value).toString().trim() === value)
  }

  #over(proxy: StreamProxy, worker: number, child: MemoryCalculator, code: number): void {
    proxy.closed(child, { code, signal: null }, false)
    if (this.workers.proxies[worker] === proxy) this.open(proxy, worker)
  }

  #proxy(sides: StreamSides, worker: number, count: number): StreamProxy {
    const proxy: StreamProxy = new StreamProxy(
      quietParts(this.clock, this.events, {
        namespec: `calculator_0${worker}`,
        bufferBytes: Math.floor((this.#options.bufferBytes ?? 900) / count),
        ...{ adoptionGraceMs: 200, atMostOnce: this.#options.atMostOnce ?? false },
        activity: () => this.#children.get(proxy)?.activity() ?? { cpu: null, parked: 'busy' },
        broken: () => this.kill(worker),
      }),
      sides,
    )
    return proxy
  }
}
