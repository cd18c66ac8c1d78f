import process from 'node:process'
import type { Contender, Workload } from '../contender.ts'

/** What the kafkajs contenders are written for; kafkajs itself brings no lz4. */
const onlyPlain = ({ partitions, compression }: Workload): string | null =>
  partitions === 1 && compression === 'none' ? null : 'those of kafkajs carry one uncompressed partition'

/** One whose entry is `file`, which reads BROKER, IN, OUT and GROUP. `commits`: as in Contender. */
export const kafkajsContender = (name: string, file: string, commits = true): Contender => ({
  ...{ name, output: 'raw', commits, endsByItself: false, countsCheckpoints: false },
  unavailable: onlyPlain,
  command: ({ broker, input, output, group }) => ({
    words: [process.execPath, '--disable-warning=TimeoutNegativeWarning', file] as const,
    env: { BROKER: broker, IN: input, OUT: output, GROUP: group, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  }),
})
