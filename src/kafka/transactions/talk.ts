import { AgentError } from '../../domain/errors.ts'
import {
  transactionOutcomeOf,
  type TransactionOutcome,
  type TransactionRequest,
} from '../../domain/transactions/outcomes.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { BrokerError } from '../broker-error.ts'
import { explain } from '../errors.ts'
import type { Coordinator } from '../group/coordinator.ts'
import type { Answer } from '../group/requests.ts'
import type { KafkaLog } from '../log.ts'
import { Problem } from '../problem.ts'
import type { KafkaRequest } from '../protocol/request.ts'

export interface TalkSettings {
  readonly coordinator: Coordinator
  readonly transactionalId: string
  readonly clock: Clock
  readonly log: KafkaLog
  /** Aborted when the session closes. */
  readonly closing: AbortSignal
}

/** The coordinator said no, for good. */
export class TransactionRefusal extends AgentError {
  readonly outcome: TransactionOutcome

  constructor(outcome: TransactionOutcome, subject: string, cause: unknown) {
    super('FAILED', subject, { cause })
    this.outcome = outcome
  }
}

/** The end of one transaction and the beginning of the next cross each other for some ms. */
const FIRST_PAUSE: Millis = 5
const LONGEST_PAUSE: Millis = 500
/** What is over after so long is not told. */
const TOLD_AFTER: Millis = 2_000

/** Asks a transaction coordinator until it has an answer. */
export class CoordinatorTalk {
  readonly #settings: TalkSettings
  readonly #problem: Problem

  constructor(settings: TalkSettings) {
    this.#settings = settings
    this.#problem = new Problem(settings.clock, settings.log, 'kafka.transactions')
  }

  /** What is wrong now, for a person; null when nothing is. */
  get problem(): string | null {
    return this.#problem.text
  }

  /**
   * Tries again while the answer may become another. Throws TransactionRefusal for what was refused for good, AgentError
   * FAILED when `givenUp` says so, SHUTDOWN_STATE when the session closes.
   */
  async ask<T extends Answer>(
    request: TransactionRequest,
    question: KafkaRequest<T>,
    givenUp: () => boolean = () => false,
  ): Promise<T> {
    const { coordinator, clock, closing } = this.#settings
    const began = clock.now()
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      if (closing.aborted) throw new AgentError('SHUTDOWN_STATE', 'the transactions are closed')
      if (givenUp()) throw new AgentError('FAILED', 'the transaction was given up')
      const tried = await this.#try(coordinator, question)
      if ('answer' in tried) {
        this.#problem.clear()
        return tried.answer
      }
      const refusal = this.refusal(request, tried.error)
      if (refusal.outcome === 'person') this.#problem.report(refusal.subject, 'error')
      else if (refusal.outcome !== 'again') throw refusal
      else if (clock.now() - began >= TOLD_AFTER) this.#problem.report(refusal.subject)
      if (refusal.outcome === 'person') await this.#problem.backOff(closing)
      else await wait(clock, pause, closing)
    }
  }

  /** What an answer, or a broken connection, means for whoever asked `request`. */
  refusal(request: TransactionRequest, error: unknown): TransactionRefusal {
    const outcome = transactionOutcomeOf(request, error instanceof BrokerError ? error.type : null)
    const subject = `cannot ${what[request]} as transactional id ${this.#settings.transactionalId}: ${explain(error)}`
    return new TransactionRefusal(outcome, subject, error)
  }

  async #try<T extends Answer>(
    coordinator: Coordinator,
    question: KafkaRequest<T>,
  ): Promise<{ readonly answer: T } | { readonly error: unknown }> {
    try {
      const answer = await coordinator.send(question, ({ error }) => [error])
      return answer.error === 0 ? { answer } : { error: new BrokerError(answer.error) }
    } catch (error) {
      return { error }
    }
  }
}

const what: Readonly<Record<TransactionRequest, string>> = {
  identify: 'begin transactions',
  extend: 'write in a transaction',
  commit: 'commit a transaction',
  abort: 'abort a transaction',
}
