import { recordOf, type Attribution } from '../../domain/stream/attribution.ts'
import type { TransactionExtent } from '../../domain/transactions/extent.ts'
import type { OutgoingItem } from './outgoing.ts'

/** These are about to be written: the transaction reaches the records that they stem from. */
export function reach(extent: TransactionExtent, items: readonly OutgoingItem[]): void {
  for (const item of items) {
    if ('letter' in item) {
      if (item.of) extent.reaches(item.of, item.of.offset + 1)
      else extent.reachesAnything()
    } else if ('lines' in item) {
      if (!item.attributions) extent.reachesAnything()
      for (const attribution of item.attributions ?? []) {
        if (!attribution.orphan) extent.reaches(attribution.batch, lastOffset(attribution) + 1)
      }
    }
  }
}

function lastOffset(attribution: Attribution): number {
  const { batch, count, mapped } = attribution
  let last = recordOf(attribution, count - 1)
  if (mapped) for (const record of mapped.records) if (record > last) last = record
  return batch.offsets[last] ?? batch.nextOffset - 1
}
