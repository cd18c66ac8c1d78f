import { partOf, workersOf } from '../../domain/stream/dealing.ts'
import type { LineBatch, TopicPartition } from '../../domain/stream/line-batch.ts'
import { NOBODY, SettledAhead } from '../../domain/stream/settled-ahead.ts'
import { Shares } from '../../domain/stream/shares.ts'
import type { CommitPosition, RecordConsumer } from '../ports.ts'

/** One partition whose records are dealt to one worker, or by key to several. */
export class DealtPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** The worker that answers for it where one has to: the only one, or one of several. */
  home: number
  /** It is being given away. */
  leaving = false
  readonly #gone = new AbortController()
  /** While it goes from one worker to another: resolves when the first one has let it go. */
  moving: Promise<void> | null = null
  /** Of the source: each rewind has its own. */
  #epoch: number
  #shares: Shares
  readonly #ahead = new SettledAhead()
  #committed: { readonly offset: number | null; readonly metadata: string } = { offset: null, metadata: '' }
  /** What each worker wants to be written beside the position. */
  readonly #notes = new Map<number, string>()
  /** Resolve when the worker has a place for the last part that it was given. */
  readonly #turns = new Map<number, Promise<void>>()
  #rewound = Promise.withResolvers<undefined>()

  constructor({ topic, partition }: TopicPartition, epoch: number, workers: readonly number[], home: number) {
    this.topic = topic
    this.partition = partition
    this.home = home
    this.#epoch = epoch
    this.#shares = new Shares(workers, epoch)
  }

  /** Aborted when it is another's already. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** It is given away; `gone`, once it is aborted: it is another's already. */
  leave(gone?: AbortSignal): void {
    this.leaving = true
    if (gone?.aborted === true) this.#gone.abort()
    gone?.addEventListener('abort', () => this.#gone.abort())
  }

  /** Its source is another: what still comes of it is nobody's. */
  end(): void {
    this.#anew(this.#epoch + 1)
  }

  get epoch(): number {
    return this.#epoch
  }

  get workers(): readonly number[] {
    return this.#shares.workers
  }

  get metadata(): string {
    return this.#committed.metadata
  }

  /** What the last owner committed beside its position. */
  noted(metadata: string): void {
    this.#committed = { ...this.#committed, metadata }
  }

  /** Resolves when everybody has a place for what is theirs, or when the partition is read again. */
  async batch(batch: LineBatch, consumers: readonly RecordConsumer[]): Promise<void> {
    if (this.moving) await this.moving
    if (batch.epoch !== this.#epoch) return
    const [only, ...others] = this.#shares.workers
    if (only !== undefined && others.length === 0) {
      await this.#give(this.#ahead.concerns(batch) ? this.#rest(batch) : batch, batch.firstOffset, only, consumers)
    } else await this.#split(batch, consumers)
  }

  /** The worker wants its records from `offset` on. Gives the offset from which the source is to read again. */
  rewind(worker: number, offset: number, epoch: number): number | null {
    const known = this.#shares.epochOf(worker)
    if (known === null || epoch <= known) return null
    const from = this.#shares.rewound(worker, epoch, offset)
    this.#anew(this.#epoch + 1)
    return from
  }

  /** Other workers, who go on where everything is committed. Gives the offset to read again from; null: nothing was read. */
  reshare(workers: readonly number[], home: number): number | null {
    const { positions, begin } = this.#shares
    const from = positions === null ? null : (this.#committed.offset ?? begin)
    if (positions !== null) this.#ahead.add(positions)
    if (from !== null) {
      this.#ahead.forget(from)
      this.#anew(this.#epoch + 1)
    }
    this.#shares = new Shares(workers, this.#epoch)
    this.#notes.clear()
    this.#turns.clear()
    this.home = home
    this.moving = null
    return from
  }

  /** The worker has settled everything of its own below that offset; false where that is of the past. */
  settled(worker: number, { offset, epoch, metadata = '' }: Omit<CommitPosition, keyof TopicPartition>): boolean {
    if (!this.#shares.settled(worker, epoch, offset)) return false
    // Of several notes the last one counts: who writes one is about to try its suspect.
    this.#notes.delete(worker)
    if (metadata !== '') this.#notes.set(worker, metadata)
    return true
  }

  /** What is to be committed; null while that is what is committed anyway, or less. */
  get due(): CommitPosition | null {
    const offset = this.#shares.position
    const metadata = [...this.#notes.values()].at(-1) ?? ''
    const { offset: before, metadata: written } = this.#committed
    if (offset === null || (before !== null && offset < before)) return null
    const { topic, partition } = this
    return offset === before && metadata === written ? null : { topic, partition, offset, epoch: this.#epoch, metadata }
  }

  committed({ offset, metadata = '' }: CommitPosition): void {
    if (offset < (this.#committed.offset ?? 0)) return
    this.#committed = { offset, metadata }
    this.#ahead.forget(offset)
  }

  /** What is left to do of a batch that comes once more. */
  #rest(batch: LineBatch): LineBatch {
    const owners = new Uint16Array(batch.count)
    this.#ahead.strike(batch, owners)
    return { ...partOf(batch, owners, 0, batch.firstOffset), tombstones: batch.tombstones }
  }

  async #split(batch: LineBatch, consumers: readonly RecordConsumer[]): Promise<void> {
    const owners = workersOf(batch, consumers.length)
    if (this.#ahead.concerns(batch)) this.#ahead.strike(batch, owners)
    const served = new Set<number>()
    const give = (part: LineBatch, worker: number): Promise<void> => {
      const tombstones = served.size > 0 ? 0 : batch.tombstones
      served.add(worker)
      return this.#inTurn(worker, this.#give({ ...part, tombstones }, part.firstOffset, worker, consumers))
    }
    /** Gives where the worker's records would begin, where it has none. */
    const deal = async (worker: number): Promise<{ worker: number; from: number } | null> => {
      const turn = this.#turns.get(worker)
      if (turn) await Promise.race([turn, this.#rewound.promise])
      if (batch.epoch !== this.#epoch) return null
      const from = this.#shares.due(worker, batch.firstOffset, batch.nextOffset)
      if (from === null) return null
      const part = partOf(batch, owners, worker, from)
      if (part.count === 0) this.#shares.dealt(worker, from, batch.nextOffset, true)
      else await give(part, worker)
      return part.count === 0 ? { worker, from } : null
    }
    const idle = await Promise.all(this.#shares.workers.map(deal))
    // Somebody has to come past offsets that hold nothing for anybody.
    const passer = idle.find((each) => each !== null)
    if (served.size > 0 || !passer || batch.epoch !== this.#epoch) return
    await give(partOf(batch, new Uint16Array(batch.count).fill(NOBODY), passer.worker, passer.from), passer.worker)
  }

  /** After a rewind the next part may come before the worker has a place for this one. */
  async #inTurn(worker: number, turn: Promise<void>): Promise<void> {
    this.#turns.set(worker, turn)
    try {
      await turn
    } finally {
      if (this.#turns.get(worker) === turn) this.#turns.delete(worker)
    }
  }

  async #give(batch: LineBatch, from: number, worker: number, consumers: readonly RecordConsumer[]): Promise<void> {
    this.#shares.dealt(worker, from, batch.nextOffset, false)
    const epoch = this.#shares.epochOf(worker) ?? batch.epoch
    await consumers[worker]?.batch(epoch === batch.epoch ? batch : { ...batch, epoch })
  }

  #anew(epoch: number): void {
    this.#epoch = epoch
    this.#rewound.resolve(undefined)
    this.#rewound = Promise.withResolvers()
  }
}
