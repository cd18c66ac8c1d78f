// Long work in pieces, so that signals, clients and children are served between them.
import { setImmediate as breathe } from 'node:timers/promises'
import type { Clock } from '../../../engine/ports.ts'

/** In a row; then the loop has its turn. */
const sliceMs = 8

/** Does something to each, in order; the first ones at once. What `act` throws ends it. */
export async function inSlices<T>(
  clock: Pick<Clock, 'now'>,
  items: readonly T[],
  act: (item: T) => void,
): Promise<void> {
  let since = clock.now()
  for (const item of items) {
    act(item)
    if (clock.now() - since <= sliceMs) continue
    await breathe()
    since = clock.now()
  }
}
