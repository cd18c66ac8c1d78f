// An output whose records hold only once they are committed, together with positions of a MemorySource. It is as strict
// as a broker, and stricter: a commit while a write is under way is an error.
import assert from 'node:assert/strict'
import type { DeadLetter, Refusal, ValueBatch } from '../../src/domain/stream/value-batch.ts'
import type {
  Clock,
  CommitPosition,
  DeadLetterSink,
  RecordSink,
  SinkHealth,
  TransactionListener,
  Transactions,
} from '../../src/engine/ports.ts'
import type { MemorySource } from './stream-world.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const healthy: SinkHealth = { lastAckAt: null, error: null }

export interface WorldTimes {
  /** How long a write takes, and a commit or an abort, in ms. */
  readonly ack: number
  readonly end: number
}

export class TransactionalWorld implements Transactions {
  readonly committed: string[] = []
  readonly letters: string[] = []
  commits = 0
  aborts = 0
  /** Numbers of the commits that are refused, counted from 0. */
  refused: ReadonlySet<number> = new Set()
  listener: TransactionListener | null = null
  readonly #clock: Clock
  readonly #times: WorldTimes
  #source: MemorySource
  #open: { readonly value: string; readonly isLetter: boolean }[] = []
  #underWay = 0
  #generation = 0
  #asked = 0

  constructor(clock: Clock, times: WorldTimes, source: MemorySource) {
    this.#clock = clock
    this.#times = times
    this.#source = source
  }

  readonly sink: RecordSink = {
    partitions: () => Promise.resolve(1),
    write: async (batch: ValueBatch): Promise<readonly Refusal[]> => {
      const values = Array.from({ length: batch.count }, (_, i) => batch.bytes.slice(batch.starts[i], batch.ends[i]))
      await this.#write(values.map((value) => ({ value: text(value), isLetter: false })))
      return []
    },
    health: () => healthy,
    close: () => Promise.resolve(),
  }

  readonly letterSink: DeadLetterSink = {
    write: (letters: readonly DeadLetter[]) =>
      this.#write(letters.map(({ value }) => ({ value: text(value).trimEnd(), isLetter: true }))),
    health: () => healthy,
    close: () => Promise.resolve(),
  }

  /** Another source's positions go with what is written from now on. */
  follow(source: MemorySource): void {
    this.#source = source
  }

  listen(listener: TransactionListener): void {
    this.listener = listener
  }

  /** Once it is asked for, only its end tells whether it holds. */
  commit(positions: readonly CommitPosition[]): Promise<void> {
    const commit = this.#commit(positions)
    this.#source.open = commit.catch(() => undefined)
    return commit
  }

  async #commit(positions: readonly CommitPosition[]): Promise<void> {
    assert.equal(this.#underWay, 0, 'a commit while a write is under way')
    const generation = this.#generation
    const source = this.#source
    const isLost = positions.some(({ epoch }) => epoch !== source.epoch)
    await this.#pass(this.#times.end)
    assert.equal(generation, this.#generation, 'an abort during a commit')
    assert.equal(this.#underWay, 0, 'a write during a commit')
    if (this.refused.has(this.#asked++) || isLost) throw new Error('refused')
    for (const { value, isLetter } of this.#open) (isLetter ? this.letters : this.committed).push(value)
    this.#open = []
    this.commits++
    await source.commit(positions)
  }

  async abort(): Promise<void> {
    this.#generation++
    this.#underWay = 0
    this.#open = []
    this.aborts++
    await this.#pass(this.#times.end)
  }

  health(): { readonly error: null } {
    return { error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #write(records: readonly { readonly value: string; readonly isLetter: boolean }[]): Promise<void> {
    const generation = this.#generation
    this.#underWay++
    await this.#pass(this.#times.ack)
    if (generation !== this.#generation) throw new Error('given up')
    this.#underWay--
    this.#open.push(...records)
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.arm(ms, resolve))
  }
}
