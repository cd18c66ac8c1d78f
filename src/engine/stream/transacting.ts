import { messageOf } from '../../domain/errors.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { TransactionExtent } from '../../domain/transactions/extent.ts'
import type { Commits } from './commits.ts'
import type { Feeder } from './feeder.ts'
import type { OutgoingItem } from './outgoing.ts'
import type { OutputPump } from './output-pump.ts'
import type { PartitionBook } from './partition-book.ts'
import type { Clock, CommitPosition, Timer, Transactions } from '../ports.ts'
import { Serial } from '../serial.ts'
import type { StreamReport } from './stream-report.ts'
import { reach } from './transaction-reach.ts'

export interface TransactingParts {
  readonly clock: Clock
  readonly book: PartitionBook
  readonly report: StreamReport
  readonly pump: Pick<OutputPump, 'seal' | 'unseal' | 'queuedBytes'>
  readonly feeder: Pick<Feeder, 'hold' | 'letGo'>
  /** While records flow a transaction ends about so often. */
  readonly intervalMs: Millis
  /** One that cannot be committed after so long is aborted: before the broker does it. */
  readonly limitMs: Millis
  readonly transactions: () => Transactions
  /** What is committed beside a position. */
  readonly note: (at: TopicPartition, position: number) => string
  /** Whether lines name the records that they answer. */
  readonly attributed: () => boolean
  /** Whether answers come in order, so that those of records that are given up can be told from others. */
  readonly ordered: () => boolean
  readonly committed: (positions: readonly CommitPosition[]) => void
  /** Gives up what is not stored. */
  readonly abandon: () => void
  /** What the living Calculator will still say about the records that it has counts no more. */
  readonly disown: () => void
  /** Everything that is not committed is read again. */
  readonly replay: () => void
  /** Too many transactions in a row could not be committed: feeding stops. */
  readonly giveUp: () => void
  /** A bug was met in the background. */
  readonly failed: (error: unknown) => void
}

type Outcome = 'committed' | 'early' | 'aborted'

/** With nothing in work there is nothing to wait for. */
const AT_REST: Millis = 200
const FAILURES_MAX = 3

/**
 * DELIVERY=exactly-once: outputs, dead letters and positions in one transaction after the other. One is committed only
 * when its output stems from records below the positions that go with it (TransactionExtent); else it is aborted, and
 * everything since the last commit is read again.
 */
export class Transacting implements Commits {
  readonly #parts: TransactingParts
  readonly #extent = new TransactionExtent()
  readonly #turns = new Serial()
  #soon: Timer | null = null
  #dueAt: Millis = 0
  #overdue: Timer | null = null
  /** Why the transaction can only be aborted. */
  #spoilt: string | null = null
  #committing = false
  #finishing = false
  #failures = 0
  #wake: (() => void) | null = null
  #abandon: (() => void) | null = null
  #stopped = false
  made = 0
  refused = 0

  constructor(parts: TransactingParts) {
    this.#parts = parts
  }

  get isClosed(): boolean {
    return this.#extent.isEmpty
  }

  use(): void {
    this.#failures = 0
  }

  /** These are about to be written. */
  leaving(items: readonly OutgoingItem[]): void {
    const wasEmpty = this.#extent.isEmpty
    reach(this.#extent, items)
    if (!wasEmpty || this.isClosed) return
    this.#overdue = this.#parts.clock.arm(this.#parts.limitMs, () => this.#tooOld())
    this.soon()
  }

  /** Records were settled. */
  settled(): void {
    if (this.#parts.book.unsettled() === 0) this.#wake?.()
  }

  soon(): void {
    if (this.#soon || this.#stopped) return
    const { clock, intervalMs } = this.#parts
    this.#dueAt = clock.now() + intervalMs
    this.#look()
  }

  async now(): Promise<boolean> {
    return (await this.#turns.run(() => this.#attempt())) === 'committed'
  }

  async conclude(stored: boolean): Promise<void> {
    if (!stored) {
      if (!this.#extent.isEmpty) this.spoil('its output was not stored')
      return
    }
    const concluded = this.#turns.run(async () => {
      if ((await this.#attempt()) === 'early') await this.#abort('the Calculator is gone')
    })
    await Promise.race([concluded, new Promise<void>((resolve) => (this.#abandon = resolve))])
  }

  abandon(): void {
    if (!this.#extent.isEmpty) this.spoil('its output was given up')
    this.#abandon?.()
  }

  async release(partitions: readonly TopicPartition[]): Promise<void> {
    const { book, ordered } = this.#parts
    await this.#turns.run(async () => {
      const outcome = await this.#attempt()
      const isOpen = outcome === 'early' && partitions.some((at) => this.#extent.touches(at))
      // What it still says could be about their records, and nothing would tell.
      const isAtWork = !ordered() && partitions.some((at) => book.unsettledOf(at) > 0)
      if (isOpen || isAtWork) await this.#abort('partitions went to another owner')
    })
  }

  /** The partition is about to begin anew, under our hands: nothing that was made of its records may be committed. */
  restarting(at: TopicPartition): void {
    const { book, ordered, failed } = this.#parts
    const reason = `${nameOf(at)} begins anew`
    if (this.#extent.touches(at)) this.spoil(reason)
    // What it still says could be about those records, and nothing would tell.
    if (ordered() || book.unsettledOf(at) === 0) return
    if (this.#committing) this.#turns.run(() => this.#abort(reason)).catch(failed)
    else this.spoil(reason)
  }

  /** A checkpoint could not be proven. */
  unproven(): void {
    this.#failed('its checkpoint could only be assumed')
  }

  /** The transaction is lost, wherever it stands. */
  spoil(reason: string): void {
    if (this.#committing || this.#stopped) return
    this.#spoilt ??= reason
    // Whoever waits for writes to end must not wait for these; and nothing more is to be written before the abort.
    void this.#parts.pump.seal()
    this.#parts.abandon()
    this.#turns.run(() => this.#attempt()).catch(this.#parts.failed)
  }

  stop(): void {
    this.#stopped = true
    this.#soon?.cancel()
    this.#overdue?.cancel()
    this.#wake?.()
  }

  #look(): void {
    const { clock, book, attributed } = this.#parts
    this.#soon = clock.arm(Math.min(AT_REST, Math.max(1, this.#dueAt - clock.now())), () => {
      this.#soon = null
      const isDue = attributed() && clock.now() >= this.#dueAt
      if (book.unsettled() === 0 || isDue) void this.#finish()
      else if (!this.#stopped) this.#look()
    })
  }

  /** Commits; where records are in work whose answers do not come in order, waits for all of them. */
  async #finish(): Promise<void> {
    if (this.#finishing) return
    this.#finishing = true
    const { feeder, book, attributed } = this.#parts
    try {
      if ((await this.#turns.run(() => this.#attempt())) !== 'early' || !attributed()) return
      feeder.hold('commit')
      try {
        while (!this.#extent.isEmpty && !this.#stopped) {
          if (book.unsettled() > 0) await new Promise<void>((resolve) => (this.#wake = resolve))
          this.#wake = null
          if ((await this.#turns.run(() => this.#attempt())) !== 'early') return
        }
      } finally {
        feeder.letGo('commit')
      }
    } finally {
      this.#finishing = false
    }
  }

  async #attempt(): Promise<Outcome> {
    const { pump, book, note, transactions } = this.#parts
    if (this.#stopped) return 'early'
    if (this.#extent.isEmpty && this.#spoilt === null && book.toCommit(note).length === 0) return 'committed'
    const stored = await pump.seal()
    try {
      if (this.#spoilt !== null || !stored) return await this.#abort(this.#spoilt ?? 'its output was given up')
      const verdict = this.#extent.verdict((at) => book.standing(at), book.unsettled() === 0)
      if (verdict === 'void') return await this.#abort('partitions changed hands')
      if (verdict === 'early') return 'early'
      const commits = book.toCommit(note)
      this.#committing = true
      try {
        await transactions().commit(commits)
      } catch (error) {
        this.refused++
        return await this.#abort(messageOf(error))
      } finally {
        this.#committing = false
      }
      this.#done(commits)
      return 'committed'
    } finally {
      pump.unseal()
    }
  }

  #done(commits: readonly CommitPosition[]): void {
    const { book, report, committed } = this.#parts
    book.committed(commits)
    this.#close()
    this.#failures = 0
    this.made++
    committed(commits)
    const positions = commits.map((p) => `${nameOf(p)}=${p.offset}`)
    report.publish('committed', 'debug', 'committed a transaction', { positions })
  }

  async #abort(reason: string): Promise<'aborted'> {
    const { pump, feeder, report, transactions, abandon, disown, replay } = this.#parts
    feeder.hold('abort')
    void pump.seal()
    abandon()
    disown()
    report.counters.aborts++
    report.publish('aborted', 'warn', 'aborting a transaction: what it was made of is read again', { reason })
    try {
      await transactions().abort()
    } catch (error) {
      // Closed meanwhile: whoever comes next ends what is open.
      report.publish('abort-refused', 'debug', 'cannot abort a transaction', { reason: String(error) })
    }
    this.#close()
    replay()
    pump.unseal()
    feeder.letGo('abort')
    return 'aborted'
  }

  #close(): void {
    this.#extent.clear()
    this.#spoilt = null
    this.#overdue?.cancel()
    this.#overdue = null
    this.#wake?.()
  }

  #tooOld(): void {
    this.#overdue = null
    if (this.#committing || this.#extent.isEmpty) return
    const reason = `not finished within ${Math.round(this.#parts.limitMs / 1000)} s`
    // While a broker is waited for that says nothing about the Calculator.
    if (this.#parts.pump.queuedBytes > 0) this.spoil(reason)
    else this.#failed(reason)
  }

  #failed(reason: string): void {
    if (++this.#failures >= FAILURES_MAX) this.#parts.giveUp()
    this.spoil(reason)
  }
}
