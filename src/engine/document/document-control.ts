import type { EventName } from '../../domain/log-events.ts'
import { changeClass } from '../../domain/stream/change-class.ts'
import { applyDocument, parseRunDocument, type DocumentPart } from '../../domain/stream/run-document.ts'
import type { StreamSettings } from '../../domain/stream/settings.ts'
import type { Millis } from '../../domain/time.ts'
import type { Adoption } from './adoption.ts'
import type { EventRing } from '../event-ring.ts'
import type { Clock, Timer } from '../ports.ts'
import type { DocumentSnapshot } from '../snapshot.ts'

/** What is known of the document's key. */
export type DocumentNews =
  | { readonly kind: 'document'; readonly text: string; readonly modifyIndex: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreachable'; readonly reason: string }

export interface VersionedText {
  readonly text: string
  readonly modifyIndex: number
}

/** A copy on a disk that outlives the agent. */
export interface LastGood {
  read(): VersionedText | null
  write(document: VersionedText): void
}

export interface DocumentParts {
  readonly clock: Clock
  readonly events: EventRing
  readonly adoption: Pick<Adoption, 'adopt' | 'settings' | 'verdict'>
  /** null without Consul: the environment is all there is. */
  readonly key: string | null
  readonly base: StreamSettings
  readonly allow: ReadonlySet<DocumentPart>
  /** Why these settings cannot be put in force, for a person; null when they can. */
  readonly obstacle: (settings: StreamSettings) => string | null
  readonly lastGood: LastGood | null
  /** After so long without an answer of Consul the environment is taken; null: never. */
  readonly waitMs: Millis | null
  /** A document's Calculator is no longer on probation. */
  readonly proven: () => void
  /** The agent cannot go on. */
  readonly failed: (error: unknown) => void
}

/** Settings with the document that they come from; null for the environment alone. */
interface Asked {
  readonly settings: StreamSettings
  readonly document: VersionedText | null
}

interface Rejected extends VersionedText {
  readonly state: 'refused' | 'rolled-back'
  readonly problem: string
}

/** Where the run document stands: waited for, in force, refused, rolled back. It decides what is adopted and when. */
export class DocumentControl {
  readonly #parts: DocumentParts
  #state: DocumentSnapshot['state']
  #problem = ''
  /** What the adoption was given last, and what was in force at that moment. */
  #asked: Asked | null = null
  #before: Asked | null = null
  /** The last with which the Calculator came up. */
  #good: Asked | null = null
  #rejected: Rejected | null = null
  #rejections = 0
  #patience: Timer | null = null

  constructor(parts: DocumentParts) {
    this.#parts = parts
    this.#state = parts.key === null ? 'none' : 'waiting'
    this.#problem = parts.key === null ? '' : 'no answer from Consul yet'
  }

  /** Without Consul: the environment at once. With it: nothing is fed before its first answer. */
  start(): void {
    const { key, clock, waitMs } = this.#parts
    if (key === null) this.#adopt(this.#parts.base, null)
    else if (waitMs !== null) this.#patience = clock.arm(waitMs, () => this.#waitedEnough())
  }

  stop(): void {
    this.#patience?.cancel()
  }

  news(news: DocumentNews): void {
    if (news.kind === 'unreachable') {
      this.#unreachable(news.reason)
      return
    }
    // Consul has answered: from now on only it says what is fed.
    this.#patience?.cancel()
    if (news.kind === 'missing') this.#missing()
    else this.#document(news)
  }

  snapshot(): DocumentSnapshot {
    const configVersion = this.#inForce?.document?.modifyIndex ?? null
    return {
      key: this.#parts.key,
      state: this.#state,
      configVersion,
      problem: this.#problem,
      rejected: this.#rejections,
    }
  }

  /** What the agent waits for, for a person; null when it does not wait. */
  get waitingFor(): string | null {
    if (this.#parts.adoption.settings !== null || this.#parts.key === null) return null
    const refused = this.#state === 'refused' ? `: ${this.#problem}` : ''
    return `waiting for run document at ${this.#parts.key}${refused}`
  }

  /** The Calculator is a new document's: if it cannot start, the last good one comes back. */
  get onProbation(): boolean {
    return this.#good !== null && this.#asked?.document != null && !this.#isProven(this.#asked)
  }

  /** ModifyIndex of the document that is, or is about to be, in force; null for the environment alone. */
  get askedVersion(): number | null {
    return this.#asked?.document?.modifyIndex ?? null
  }

  /** While a change is under way that is what was in force before. */
  get #inForce(): Asked | null {
    return this.#asked?.settings === this.#parts.adoption.settings ? this.#asked : this.#before
  }

  #document({ text, modifyIndex }: VersionedText): void {
    const document = { text, modifyIndex }
    if (isSame(this.#asked?.document, document)) {
      this.#rejected = null
      this.#confirm()
      return
    }
    if (this.#rejected && isSame(this.#rejected, document)) {
      this.#is(this.#rejected.state, this.#rejected.problem)
      return
    }
    const parsed = parseRunDocument(text, this.#parts.allow)
    const settings = 'document' in parsed ? applyDocument(this.#parts.base, parsed.document) : null
    const problem = settings ? this.#parts.obstacle(settings) : 'problems' in parsed ? parsed.problems.join('; ') : null
    if (settings && problem === null) {
      this.#adopt(settings, document)
      return
    }
    this.#reject({ ...document, state: 'refused', problem: problem ?? '' })
    const then = this.#parts.adoption.settings === null ? 'waiting for a good one' : 'the last good one stays in force'
    this.#tell('document.refused', 'error', `the run document is refused, ${then}`, modifyIndex)
  }

  #missing(): void {
    const { adoption, base, obstacle } = this.#parts
    this.#rejected = null
    if (adoption.settings !== null) {
      if (this.#asked?.document == null) {
        this.#confirm()
        return
      }
      this.#is('disappeared', `no document at ${this.#parts.key ?? ''}: the last good one stays in force`)
      this.#tell('document.disappeared', 'warn', 'the run document is gone, the last good one stays in force', null)
      return
    }
    const missing = obstacle(base)
    if (missing === null) this.#adopt(base, null)
    else {
      this.#is('waiting', missing)
      this.#tell('document.waiting', 'warn', 'waiting for the run document', null)
    }
  }

  #unreachable(reason: string): void {
    const waiting = this.#parts.adoption.settings === null
    const kept = waiting ? (this.#parts.lastGood?.read() ?? null) : null
    if (kept) {
      this.#document(kept)
      return
    }
    this.#is('unreachable', waiting ? `no answer from Consul: ${reason}` : reason)
    this.#tell('document.unreachable', 'warn', 'cannot read the run document', null)
  }

  #waitedEnough(): void {
    const { adoption, base, obstacle } = this.#parts
    if (adoption.settings === null && obstacle(base) === null) this.#adopt(base, null)
  }

  #adopt(settings: StreamSettings, document: VersionedText | null): void {
    this.#patience?.cancel()
    this.#rejected = null
    this.#is(this.#parts.key === null ? 'none' : 'in-force', '')
    if (document) this.#tell('document.accepted', 'info', 'taking over the run document', document.modifyIndex)
    const asked = this.#ask({ settings, document })
    this.#parts.adoption
      .adopt(settings)
      .then(() => this.#judge(asked))
      .catch(this.#parts.failed)
  }

  #ask(asked: Asked): Asked {
    this.#before = this.#inForce
    this.#asked = asked
    return asked
  }

  /** Settings with the Calculator of the last good ones need no proof: whatever it does, they are not to blame. */
  #isProven({ settings }: Asked): boolean {
    return this.#good !== null && !changeClass(this.#good.settings, settings).has('calculator')
  }

  async #judge(asked: Asked): Promise<void> {
    const { adoption, lastGood, proven } = this.#parts
    const reason = this.#isProven(asked) ? null : await adoption.verdict()
    if (asked !== this.#asked) return
    if (reason === null) {
      this.#good = asked
      if (asked.document) lastGood?.write(asked.document)
      proven()
    } else if (this.#good && asked.document) {
      await this.#rollBack(this.#good, asked.document, reason)
    }
  }

  async #rollBack(good: Asked, document: VersionedText, reason: string): Promise<void> {
    const problem = `the Calculator cannot start with it: ${reason}`
    this.#reject({ ...document, state: 'rolled-back', problem })
    const message = 'rolled back to the last good run document'
    this.#tell('document.rolled-back', 'error', message, document.modifyIndex)
    this.#ask(good)
    await this.#parts.adoption.adopt(good.settings)
  }

  /** Consul says again what is in force anyway. */
  #confirm(): void {
    if (this.#state === 'in-force') return
    this.#is('in-force', '')
    const message = 'Consul and what is in force agree again'
    this.#tell('document.in-force', 'info', message, this.#asked?.document?.modifyIndex ?? null)
  }

  #reject(rejected: Rejected): void {
    this.#rejected = rejected
    this.#rejections++
    this.#is(rejected.state, rejected.problem)
  }

  #is(state: DocumentSnapshot['state'], problem: string): void {
    this.#state = state
    this.#problem = problem
  }

  #tell(event: EventName, level: 'info' | 'warn' | 'error', message: string, modifyIndex: number | null): void {
    this.#parts.events.publish(event, level, message, { key: this.#parts.key, modifyIndex, problem: this.#problem })
  }
}

/** A Consul agent that lost its data counts anew, so that an index alone proves nothing. */
const isSame = (one: VersionedText | null | undefined, other: VersionedText): boolean =>
  one?.modifyIndex === other.modifyIndex && one.text === other.text
