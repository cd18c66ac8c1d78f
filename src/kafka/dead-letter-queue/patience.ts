// A command may wait a little for a broker that is busy with itself, and must not wait for ever.
import { AgentError } from '../../domain/errors.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { BrokerError } from '../broker-error.ts'
import { explain } from '../errors.ts'
import { unlessAborted } from '../unless-aborted.ts'

export const PATIENCE: Millis = 30_000
/** Why a command waits for no broker any more. */
export const INTERRUPTED = 'the command was interrupted'
const FIRST_PAUSE: Millis = 100
const LONGEST_PAUSE: Millis = 2_000

export interface PatienceParts {
  readonly clock: Clock
  /** The user wants to leave: SHUTDOWN_STATE. */
  readonly signal: AbortSignal
  /** Before each further attempt. */
  lookAgain(): Promise<void>
}

/**
 * The result of `attempt`, tried again for 30 s where time may help. Throws AgentError: FAILED for what the broker
 * refuses, UNAVAILABLE when nothing helped, SHUTDOWN_STATE at the end of `signal`; `what` is what cannot be done.
 */
export async function patiently<T>(parts: PatienceParts, what: string, attempt: () => Promise<T>): Promise<T> {
  const { clock, signal } = parts
  const deadline = clock.now() + PATIENCE
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
    try {
      return await unlessAborted(signal, INTERRUPTED, attempt())
    } catch (error) {
      if (!isOfKafka(error)) throw error
      if (!isPassing(error)) throw new AgentError('FAILED', `${what}: ${explain(error)}`, { cause: error })
      if (clock.now() >= deadline) throw new AgentError('UNAVAILABLE', `${what}: ${explain(error)}`, { cause: error })
      await wait(clock, pause, signal)
      // What is wrong with the look shows itself at the next attempt.
      await unlessAborted(signal, INTERRUPTED, parts.lookAgain()).catch(() => undefined)
    }
  }
}

const isOfKafka = (error: unknown): boolean =>
  error instanceof BrokerError || (error instanceof Error && error.name.startsWith('KafkaJS'))

/** A topic that is gone does not come back by waiting, whatever Kafka says. */
const isPassing = (error: unknown): boolean =>
  error instanceof BrokerError ? error.retriable && error.type !== 'UNKNOWN_TOPIC_OR_PARTITION' : true
