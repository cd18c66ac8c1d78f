// The name of a record towards the Calculator, and in the id of its answers: `<topic>-<partition>-<offset>`.
import type { LineBatch, TopicPartition } from './line-batch.ts'

/** What the ids of a partition's records have before the offset. */
export const recordIdPrefix = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}-`

/** The id of record `index` of the batch. */
export const recordId = (batch: LineBatch, index: number): string =>
  `${recordIdPrefix(batch)}${batch.offsets[index] ?? 0}`

const FORM = /^(.+)-(\d{1,10})-(\d{1,16})$/

/** null for what is no such id. */
export function parseRecordId(id: string): (TopicPartition & { readonly offset: number }) | null {
  const parsed = FORM.exec(id)
  return parsed && { topic: parsed[1] ?? '', partition: Number(parsed[2]), offset: Number(parsed[3]) }
}
