// Who carries what: ten million records where the figures must be sharp (twice as many where that is too short for three
// checkpoints), one million over all kinds of workload.
import type { Contender, Workload } from './contender.ts'
import { goLockstep, goPipelined } from './contenders/go-loops.ts'
import { kafkajsLoop } from './contenders/kafkajs-loop.ts'
import { kafkajsTuned } from './contenders/kafkajs-tuned.ts'
import { kcat } from './contenders/kcat.ts'
import { oneToOneRaw, pidpipers, relayDataframe, relayRaw } from './contenders/pidpiper.ts'
import type { Options } from './options.ts'

export interface Cell {
  readonly contender: Contender
  readonly workload: Workload
  readonly records: number
}

/** Cells that run in turn, and the contender that the others are compared with. */
export interface Section {
  readonly name: 'headline' | 'matrix'
  readonly cells: readonly Cell[]
}

export const contenders: readonly Contender[] = [goPipelined, kcat, goLockstep, kafkajsTuned, kafkajsLoop, ...pidpipers]
export const plain: Workload = { bytes: 100, partitions: 1, compression: 'none' }

/** Too slow for ten million: compared by their steady rate. */
const slow: readonly Contender[] = [goLockstep, kafkajsTuned, kafkajsLoop]
const fast: readonly Contender[] = [kcat, relayDataframe, oneToOneRaw]
/** The pair that is compared in every respect. */
const pair: readonly Contender[] = [goPipelined, relayRaw]

export function plan({ records, matrixRecords, quick }: Options): readonly Section[] {
  const cell = (contender: Contender, workload: Workload, count: number): Cell => ({
    ...{ contender, workload, records: count },
  })
  const workloads = quick ? [plain, { bytes: 1024, partitions: 4, compression: 'lz4' } as const] : everyWorkload()
  return [
    {
      name: 'headline',
      cells: [
        ...pair.map((each) => cell(each, plain, records * 2)),
        ...fast.map((each) => cell(each, plain, records)),
        ...slow.map((each) => cell(each, plain, Math.min(records, matrixRecords))),
      ],
    },
    {
      name: 'matrix',
      cells: workloads.flatMap((workload) =>
        [goPipelined, kcat, ...pidpipers].map((each) => cell(each, workload, matrixRecords)),
      ),
    },
  ]
}

const everyWorkload = (): Workload[] =>
  [100, 1024].flatMap((bytes) =>
    [1, 4].flatMap((partitions) =>
      (['none', 'lz4'] as const).map((compression) => ({ bytes, partitions, compression })),
    ),
  )
