import type { Workload } from '../contender.ts'

/** What both kafkajs loops are written for; kafkajs itself brings no lz4. */
export const onlyPlain = ({ partitions, compression }: Workload): string | null =>
  partitions === 1 && compression === 'none' ? null : 'the kafkajs loops carry one uncompressed partition'
