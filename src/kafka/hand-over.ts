import type { LineBatch } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, RecordConsumer } from '../engine/ports.ts'
import { isRebalance } from './errors.ts'
import { wait } from './problem.ts'

/** kafkajs's heartbeat of the member, and how often it is called. */
export interface Heart {
  readonly clock: Clock
  readonly every: Millis
  readonly beat: () => Promise<void>
}

/** Heartbeats until `signal`. Rejects when the group is rebalancing; a lost connection is left to kafkajs. */
export async function beatUntil({ clock, every, beat }: Heart, signal: AbortSignal): Promise<void> {
  const stopped = (): boolean => signal.aborted
  for (;;) {
    await wait(clock, every, signal)
    if (stopped()) return
    try {
      await beat()
    } catch (error) {
      if (isRebalance(error)) throw error
    }
  }
}

/**
 * Gives a batch to the receiver and keeps the member alive until it has its place there, however long that takes.
 * True when it has; false when `over` was aborted before. Rejects when the group is rebalancing.
 */
export function handOver(
  receiver: RecordConsumer,
  lines: LineBatch,
  over: AbortSignal,
  heart: Heart,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const done = new AbortController()
  const isOver = (): void => resolve(false)
  over.addEventListener('abort', isOver)
  receiver.batch(lines).then(() => resolve(!over.aborted), reject)
  beatUntil(heart, done.signal).catch(reject)
  return promise.finally(() => {
    over.removeEventListener('abort', isOver)
    done.abort()
  })
}
