import { parseArgs } from 'node:util'

export interface Options {
  /** Of a headline run, and of a matrix run. */
  readonly records: number
  readonly matrixRecords: number
  readonly rounds: number
  readonly restarts: number
  readonly latencySeconds: number
  readonly quick: boolean
  readonly json: string
  /** Parts and contenders; empty: everything. */
  readonly only: readonly string[]
}

export const parts = ['headline', 'matrix', 'latency', 'restart', 'start', 'loaded'] as const
export type Part = (typeof parts)[number]

export const usage = `npm run bench -- [--quick] [--records N] [--matrix-records N] [--rounds R] [--restarts K]
                 [--latency-seconds S] [--only a,b] [--json FILE]

  --quick               one round, small counts, two workloads: does everything work?
  --records N           records of 100 B per headline run (10000000)
  --matrix-records N    records per run of the matrix, and of the slow contenders (1000000)
  --rounds R            rounds; each runs every contender once (3)
  --restarts K          kills per protocol in the restart part (20)
  --latency-seconds S   of each latency run (30)
  --only a,b            only these parts (${parts.join(', ')}) and contenders
  --json FILE           where the results are stored (dist/bench.json)
`

/** Throws an Error whose message names the bad word. */
export function readOptions(argv: readonly string[], contenders: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      records: { type: 'string' },
      'matrix-records': { type: 'string' },
      rounds: { type: 'string' },
      restarts: { type: 'string' },
      'latency-seconds': { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'string', default: 'dist/bench.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const only = values.only.split(',').filter((name) => name !== '')
  const known = [...parts, ...contenders]
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: unknown; there are ${known.join(', ')}`)
  const { quick, json } = values
  const count = (name: keyof typeof values, normal: number, small: number): number =>
    wholeNumber(name, values[name]?.toString() ?? String(quick ? small : normal))
  return {
    records: count('records', 10_000_000, 100_000),
    matrixRecords: count('matrix-records', 1_000_000, 20_000),
    rounds: count('rounds', 3, 1),
    restarts: count('restarts', 20, 3),
    latencySeconds: count('latency-seconds', 30, 3),
    ...{ quick, json, only },
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} ${text}: expected a whole number from 1 on`)
  return value
}
