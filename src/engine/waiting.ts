import type { Millis } from '../domain/time.ts'
import type { Clock } from './ports.ts'

/** Resolves after `ms`, or as soon as `signal` is, or becomes, aborted. */
export function wait(clock: Pick<Clock, 'arm'>, ms: Millis, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.arm(ms, done)
    signal?.addEventListener('abort', done)
  })
}

/** What `work` resolves to; null where that takes longer than `ms`: it goes on, and nobody looks. Rejects as `work`. */
export async function within<T>(clock: Pick<Clock, 'arm'>, ms: Millis, work: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>()
  const timer = clock.arm(ms, () => late.resolve(null))
  try {
    return await Promise.race([work, late.promise])
  } finally {
    timer.cancel()
  }
}
