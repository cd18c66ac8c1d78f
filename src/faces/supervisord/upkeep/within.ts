import type { Millis } from '../../../domain/time.ts'
import type { Clock } from '../../../engine/ports.ts'

/**
 * Gives `work` so much time; then its signal is aborted, and the outcome is `late` whatever `work` makes of that.
 * @param outer aborts `work` too
 */
export async function within<T>(
  clock: Pick<Clock, 'arm'>,
  after: Millis,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly value: T } | 'late'> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const late = Promise.withResolvers<'late'>()
  const timer = clock.arm(after, () => {
    abort()
    late.resolve('late')
  })
  if (outer.aborted) abort()
  outer.addEventListener('abort', abort)
  try {
    return await Promise.race([work(controller.signal).then((value) => ({ value })), late.promise])
  } finally {
    timer.cancel()
    outer.removeEventListener('abort', abort)
  }
}

/** `1.5 s`. */
export const secondsText = (ms: Millis): string => `${ms / 1000} s`
