import { AgentError } from '../domain/errors.ts'

/**
 * As `work`, but rejects with AgentError SHUTDOWN_STATE and `subject` as soon as `signal` is aborted; what work does then
 * is ignored.
 */
export async function unlessAborted<T>(signal: AbortSignal, subject: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(new AgentError('SHUTDOWN_STATE', subject))
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
