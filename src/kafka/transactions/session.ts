import { AgentError } from '../../domain/errors.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { TransactionRequest } from '../../domain/transactions/outcomes.ts'
import { nextTransactionState, type TransactionEvent, type TransactionState } from '../../domain/transactions/state.ts'
import type { Clock, TransactionListener } from '../../engine/ports.ts'
import { Serial } from '../../engine/serial.ts'
import { within } from '../../engine/waiting.ts'
import type { KafkaCluster } from '../cluster.ts'
import { explain } from '../errors.ts'
import { Coordinator } from '../group/coordinator.ts'
import type { Answer } from '../group/requests.ts'
import type { KafkaLog } from '../log.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { WritingTransaction } from '../produce/writing-transaction.ts'
import {
  addOffsets,
  addPartitions,
  endTransaction,
  identify,
  UNKNOWN_PRODUCER,
  type TransactionIdentity,
} from './requests.ts'
import { CoordinatorTalk, TransactionRefusal } from './talk.ts'

export interface SessionSettings {
  /** Its connections are the session's alone, and end with it. */
  readonly cluster: KafkaCluster
  readonly transactionalId: string
  readonly groupId: string
  /** After so long the coordinator ends a transaction by itself. */
  readonly timeoutMs: Millis
  readonly clock: Clock
  readonly log: KafkaLog
}

/** How long an abort waits for writes that are under way. */
const WRITES_LIMIT: Millis = 2_000

/** One transactional id and what the coordinator knows of it: who we are, what is in the transaction, how it ends. */
export class TransactionSession implements WritingTransaction {
  readonly #settings: SessionSettings
  readonly #talk: CoordinatorTalk
  readonly #writers = new Set<() => Promise<void>>()
  readonly #closing = new AbortController()
  /** Of the transaction, by name. */
  readonly #partitions = new Set<string>()
  #state: TransactionState = 'unknown'
  #identity: TransactionIdentity | null = null
  /** When the transaction began, or a little before. */
  #openedAt: Millis | null = null
  readonly #turns = new Serial()
  /** Raised by each abort: what was asked for before is void. */
  #generation = 0
  #listener: TransactionListener | null = null
  #fencedBy: string | null = null

  constructor(settings: SessionSettings) {
    this.#settings = settings
    const { cluster, transactionalId, clock, log } = settings
    const coordinator = new Coordinator({ joining: cluster, talking: cluster }, transactionalId, 'transaction')
    this.#talk = new CoordinatorTalk({ coordinator, transactionalId, clock, log, closing: this.#closing.signal })
  }

  get transactionalId(): string {
    return this.#settings.transactionalId
  }

  /** What is wrong now, for a person; null when nothing is. */
  get problem(): string | null {
    return this.#fencedBy ?? this.#talk.problem
  }

  listen(listener: TransactionListener): void {
    this.#listener = listener
    if (this.#fencedBy !== null) listener.fenced(this.#fencedBy)
  }

  /** Takes over from whoever went by this name before: a transaction that it left open is aborted. */
  begin(): void {
    this.#turns.run(() => this.#who()).catch(() => undefined)
  }

  join(discard: () => Promise<void>): () => void {
    this.#writers.add(discard)
    return () => this.#writers.delete(discard)
  }

  async admit(partitions: readonly TopicPartition[]): Promise<TransactionIdentity> {
    const generation = this.#generation
    const isNew = (each: TopicPartition): boolean => !this.#partitions.has(nameOf(each))
    if (this.#state === 'open' && this.#identity && !partitions.some(isNew)) return this.#identity
    return this.#turns.run(async () => {
      this.#refuseUnless(generation)
      const who = await this.#who()
      const added = partitions.filter(isNew)
      if (added.length === 0) return who
      this.#extend()
      const givenUp = (): boolean => generation !== this.#generation
      await this.#ask('extend', addPartitions(who, added), givenUp).catch((error: unknown) => {
        this.#tellVoid(error)
        throw error
      })
      for (const each of added) this.#partitions.add(nameOf(each))
      return who
    })
  }

  refused(error: unknown): void {
    if (this.#state !== 'open') return
    const refusal = this.#talk.refusal('extend', error)
    this.#refusedFor(refusal)
    this.#tellVoid(refusal)
  }

  /**
   * Commits what was written since the last commit, together with what `offsets` commits; null: there are none. Nothing
   * may be on its way to a broker. Rejects with AgentError FAILED when it cannot be: it is to be aborted.
   */
  commit(offsets: ((who: TransactionIdentity) => Promise<void>) | null): Promise<void> {
    const generation = this.#generation
    return this.#turns.run(async () => {
      this.#refuseUnless(generation)
      const who = await this.#who()
      if (offsets) {
        this.#extend()
        await this.#ask('extend', addOffsets(who, this.#settings.groupId))
        await offsets(who).catch((error: unknown) => {
          this.#on('doubted')
          throw error
        })
      }
      if (this.#state !== 'open') return
      // Asked until it is answered: whether it was done before an answer got lost, the coordinator knows.
      await this.#ask('commit', endTransaction(who, true))
      this.#ended('committed')
    })
  }

  /** Nothing that was written since the last commit will ever be read by those who read what is committed. */
  abort(): Promise<void> {
    this.#generation++
    // What still comes in after the end would be in no transaction. It is waited for, but not for a broker that is away.
    const { clock } = this.#settings
    const rested = within(clock, WRITES_LIMIT, Promise.allSettled([...this.#writers].map((discard) => discard())))
    return this.#turns.run(async () => {
      await rested
      this.#on('doubted')
      if (this.#state !== 'void' || !this.#identity) return
      try {
        await this.#talk.ask('abort', endTransaction(this.#identity, false))
      } catch (error) {
        if (!(error instanceof TransactionRefusal)) throw error
        if (error.outcome !== 'nothing') this.#refusedFor(error)
      }
      // A new epoch, too: what was sent and not answered can then not reach the next transaction.
      await this.#who(true).catch((error: unknown) => {
        if (!(error instanceof TransactionRefusal)) throw error
      })
    })
  }

  close(): void {
    this.#closing.abort()
    this.#settings.cluster.close()
  }

  /** `anew`: under another epoch than before. */
  async #who(anew = false): Promise<TransactionIdentity> {
    if (this.#fencedBy !== null) throw new TransactionRefusal('fenced', this.#fencedBy, null)
    return anew || this.#state === 'unknown' || !this.#identity ? this.#identify() : this.#identity
  }

  async #identify(): Promise<TransactionIdentity> {
    const { transactionalId, timeoutMs, log } = this.#settings
    const known = this.#state === 'unknown' ? null : this.#identity
    const { id, epoch } = await this.#ask('identify', identify(transactionalId, timeoutMs, known ?? UNKNOWN_PRODUCER))
    this.#identity = { transactionalId, id, epoch }
    this.#ended('identified')
    log('debug', `transactions of ${transactionalId}: epoch ${epoch}`, { event: 'kafka.transactions', transactionalId })
    return this.#identity
  }

  /** Rejects as CoordinatorTalk.ask, after what follows from it has been noted. */
  async #ask<T extends Answer>(
    request: TransactionRequest,
    question: KafkaRequest<T>,
    givenUp: () => boolean = () => false,
  ): Promise<T> {
    try {
      return await this.#talk.ask(request, question, givenUp)
    } catch (error) {
      if (error instanceof TransactionRefusal) this.#refusedFor(error)
      throw error
    }
  }

  /** An identity that is over while its transaction is young was taken from us. */
  #refusedFor(refusal: TransactionRefusal): void {
    const { timeoutMs, clock } = this.#settings
    const age = this.#openedAt === null ? 0 : clock.now() - this.#openedAt
    if (refusal.outcome === 'fenced' && age < timeoutMs) this.#fence(refusal)
    else if (refusal.outcome === 'fenced' || refusal.outcome === 'forgotten') this.#ended('expired')
    else this.#on('doubted')
  }

  #tellVoid(error: unknown): void {
    if (error instanceof TransactionRefusal && !this.#isFenced()) this.#listener?.voided(error.subject)
  }

  #fence(error: TransactionRefusal): void {
    if (this.#isFenced()) return
    this.#on('superseded')
    const { transactionalId } = this.#settings
    const cure = 'give each replica its own INSTANCE_ID'
    this.#fencedBy = `another process writes as transactional id ${transactionalId}: ${cure} (${explain(error.cause)})`
    this.#listener?.fenced(this.#fencedBy)
  }

  #isFenced(): boolean {
    return this.#state === 'fenced'
  }

  #refuseUnless(generation: number): void {
    if (this.#fencedBy !== null) throw new AgentError('FAILED', this.#fencedBy)
    if (this.#state === 'void' || generation !== this.#generation) {
      throw new AgentError('FAILED', 'the transaction was given up')
    }
  }

  #extend(): void {
    this.#openedAt ??= this.#settings.clock.now()
    this.#on('extended')
  }

  #ended(event: TransactionEvent): void {
    this.#on(event)
    this.#partitions.clear()
    this.#openedAt = null
  }

  #on(event: TransactionEvent): void {
    this.#state = nextTransactionState(this.#state, event)
  }
}
