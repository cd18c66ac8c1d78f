import { messageOf } from '../domain/errors.ts'
import type { DocumentNews } from '../engine/document/document-control.ts'
import type { Clock, Timer } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'
import type { ConsulClient } from './client.ts'
import type { KvAnswer } from './kv-answer.ts'

export interface WatchOptions {
  readonly client: Pick<ConsulClient, 'read' | 'block'>
  readonly clock: Clock
  readonly key: string
  /** A plain read of the key, whatever the blocking queries said, at least this often. */
  readonly resync: Millis
  /** Told whenever the answer differs from the one before: text, ModifyIndex, gone, not reachable and why. */
  readonly onNews: (news: DocumentNews) => void
}

const LONGEST_WAIT: Millis = 55_000
const FIRST_RETRY: Millis = 100
/** Below a second, so that a new value is seen that soon after Consul is back. */
const LONGEST_RETRY: Millis = 800
/** Between the starts of two queries: Consul may answer a blocking query at once, again and again. */
const PACE: Millis = 50

/**
 * Follows one KV key by blocking queries of our own: npm consul's watch is blind, for as long as its wait lasts, after
 * a Consul agent lost its data.
 */
export class RunDocumentWatch {
  readonly #options: WatchOptions
  /** 0: the next query is a plain read. */
  #index = 0
  #failures = 0
  #fullReadAt: Millis = 0
  #last: DocumentNews | null = null
  #request = new AbortController()
  #wake: (() => void) | null = null
  #answeredAt: Millis | null = null
  #closed = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  start(): void {
    void this.#run()
  }

  /** Reads the key now (SIGHUP), and tells it even if nothing changed. */
  refresh(): void {
    this.#last = null
    this.#failures = 0
    this.#interrupt()
  }

  /** Time since Consul's last answer; null before the first. */
  get answerAge(): Millis | null {
    return this.#answeredAt === null ? null : this.#options.clock.now() - this.#answeredAt
  }

  /** Nothing is told afterwards. */
  close(): void {
    this.#closed = true
    this.#interrupt()
  }

  #interrupt(): void {
    this.#index = 0
    this.#request.abort()
    this.#wake?.()
  }

  async #run(): Promise<void> {
    const { clock } = this.#options
    while (!this.#closed) {
      const request = new AbortController()
      this.#request = request
      const began = clock.now()
      const news = await this.#query(request.signal)
      if (request.signal.aborted) continue
      this.#tell(news)
      await this.#pause(this.#delay(clock.now() - began))
    }
  }

  /** One read, plain or blocking; keeps the index for the next. */
  async #query(signal: AbortSignal): Promise<DocumentNews> {
    const { client, clock, key, resync } = this.#options
    const untilFullRead = this.#fullReadAt + resync - clock.now()
    try {
      let answer: KvAnswer
      if (this.#index === 0 || untilFullRead <= 0) {
        answer = await client.read(key, { signal })
        this.#fullReadAt = clock.now()
        if (!signal.aborted) this.#index = Math.max(1, answer.index)
      } else {
        answer = await client.block(key, this.#index, Math.max(10, Math.min(untilFullRead, LONGEST_WAIT)), signal)
        // An index that goes backwards belongs to another past (a snapshot was restored, an agent lost its data).
        if (!signal.aborted) this.#index = answer.index < this.#index ? 0 : answer.index
      }
      this.#failures = 0
      this.#answeredAt = clock.now()
      return answer.entry === null ? { kind: 'missing' } : { kind: 'document', ...answer.entry }
    } catch (error) {
      this.#index = 0
      this.#failures += 1
      return { kind: 'unreachable', reason: messageOf(error) }
    }
  }

  #delay(elapsed: Millis): Millis {
    if (this.#failures === 0) return PACE - elapsed
    return Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures - 1, 10))
  }

  #tell(news: DocumentNews): void {
    if (this.#last !== null && sameNews(this.#last, news)) return
    this.#last = news
    this.#options.onNews(news)
  }

  #pause(delay: Millis): Promise<void> {
    if (delay <= 0 || this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#wake = null
        resolve()
      }
      const timer: Timer = this.#options.clock.arm(delay, done)
      this.#wake = done
    })
  }
}

function sameNews(one: DocumentNews, other: DocumentNews): boolean {
  if (one.kind === 'document' && other.kind === 'document') {
    return one.modifyIndex === other.modifyIndex && one.text === other.text
  }
  if (one.kind === 'unreachable' && other.kind === 'unreachable') return one.reason === other.reason
  return one.kind === other.kind
}
