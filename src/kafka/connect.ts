import { AgentError } from '../domain/errors.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import type { KafkaCluster } from './cluster.ts'
import { explain } from './errors.ts'
import type { KafkaLog } from './log.ts'
import { Problem } from './problem.ts'

export interface BrokerWait {
  /** Closed in the end. */
  readonly cluster: KafkaCluster
  /** As the user wrote them, for the message. */
  readonly brokers: readonly string[]
  readonly clock: Clock
  /** null: for ever. */
  readonly waitMs: Millis | null
  /** Told once, when the text changes, and again every 30 s. */
  readonly onProblem: KafkaLog
  /** Ends the wait; it then rejects with SHUTDOWN_STATE. */
  readonly signal?: AbortSignal
}

/**
 * Resolves when a broker answers. Tries again after 0.25 s, doubling to 5 s. Throws AgentError UNAVAILABLE when
 * `waitMs` is over, SHUTDOWN_STATE when `signal` is aborted.
 */
export async function waitForBroker({ cluster, brokers, clock, waitMs, onProblem, signal }: BrokerWait): Promise<void> {
  const names = brokers.join(', ')
  const problem = new Problem(clock, onProblem, 'kafka.unreachable')
  const over = new AbortController()
  const timer = waitMs === null ? null : clock.arm(waitMs, () => over.abort())
  const stop = AbortSignal.any([over.signal, ...(signal ? [signal] : [])])
  try {
    for (;;) {
      const cause = await Promise.race([attempt(cluster), aborted(stop)])
      if (cause === null) break
      if (signal?.aborted) throw new AgentError('SHUTDOWN_STATE', `stopped while waiting for Kafka at ${names}`)
      const text = `cannot reach Kafka at ${names}: ${cause === 'aborted' ? 'no answer' : explain(cause.error)}`
      if (over.signal.aborted) {
        const waited = `given up after ${(waitMs ?? 0) / 1000} s, check KAFKA_DSN or raise KAFKA_WAIT`
        throw new AgentError('UNAVAILABLE', `${problem.text ?? text}, ${waited}`, {
          cause: cause === 'aborted' ? undefined : cause.error,
        })
      }
      problem.report(text)
      await problem.backOff(stop)
    }
    problem.clear()
  } finally {
    timer?.cancel()
    cluster.close()
  }
}

async function attempt(cluster: KafkaCluster): Promise<{ error: unknown } | null> {
  try {
    await cluster.metadata([])
    return null
  } catch (error) {
    return { error }
  }
}

const aborted = (signal: AbortSignal): Promise<'aborted'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('aborted')
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true })
  })
