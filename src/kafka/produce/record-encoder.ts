import type { ProducerIdentity } from '../protocol/init-producer-id.ts'
import type { Part } from './lane.ts'

/** Makes one record batch of the parts, in order, with `sequence` as the first record's sequence number. */
export type RecordEncoder = (
  parts: readonly Part[],
  identity: ProducerIdentity,
  sequence: number,
) => Promise<Uint8Array>
