import { setTimeout as pause } from 'node:timers/promises'

/** Far longer than anything takes: a fact is waited for, and a slow machine is no failure. */
const PATIENCE = 60_000

/**
 * Asks `probe` until it gives something other than undefined, null and false, and returns that.
 * An exception of the probe counts as "not yet". Times in ms; after `timeout` it throws, naming `what` and the last exception.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeout = PATIENCE, every = 20 }: { timeout?: number; every?: number } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + timeout
  let cause: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>
      }
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() >= end) throw new Error(`${what}: not seen within ${timeout} ms`, { cause })
    await pause(every)
  }
}
