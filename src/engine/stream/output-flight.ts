// Items of the output that are under way together.
import { weightOf, type OutgoingItem } from './outgoing.ts'

/** Items that are encoded and written together, and count as done together. */
export interface Flight {
  readonly items: readonly OutgoingItem[]
  readonly bytes: number
  /** Of the values that its lines became; 0 until they have. */
  valueBytes: number
  /** Batches of them that the sink has not stored; null while they are to be made. */
  unwritten: number | null
  landed: boolean
}

/** Lines encoded and written at once: keeps one slice of the loop well under 10 ms. */
const BATCH_BYTES = 256 * 1024
/** A batch of so many is not worth the copy that joins more to it. */
const BATCH_ENOUGH = 64 * 1024

/** A flight of which nothing is written. */
export const flightOf = ({ items, bytes }: Pick<Flight, 'items' | 'bytes'>): Flight => ({
  items,
  bytes,
  valueBytes: 0,
  unwritten: null,
  landed: false,
})

/** Takes one letter from the front of the queue, or as many neighbouring lines as fit one batch. */
export function takeFlight(queue: OutgoingItem[]): Flight {
  let end = 0
  let bytes = 0
  for (const item of queue) {
    const more = weightOf(item)
    if (end > 0 && ('letter' in item || bytes + more > BATCH_BYTES)) break
    bytes += more
    end++
    if ('letter' in item || bytes >= BATCH_ENOUGH) break
  }
  return flightOf({ items: queue.splice(0, end), bytes })
}
