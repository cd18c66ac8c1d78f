import { parseArgs } from 'node:util'

export interface Options {
  readonly records: number
  readonly rounds: number
  readonly restarts: number
  readonly json: boolean
  /** Empty: everything. */
  readonly only: readonly string[]
}

export const usage = `npm run bench -- [--records N] [--rounds R] [--restarts K] [--only a,b] [--json]

  --records N   records of 100 B per run, one partition (200000)
  --rounds R    rounds; each runs every contender once (3)
  --restarts K  kills per protocol in the restart part; at least 1 (20; 5 below 10000 records)
  --only a,b    only these contenders and parts
  --json        the results as one JSON document on stdout; progress goes to stderr in any case
`

/** Throws an Error whose message names the bad word. */
export function readOptions(argv: readonly string[], known: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      records: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '3' },
      restarts: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const only = values.only.split(',').filter((name) => name !== '')
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: unknown; there are ${known.join(', ')}`)
  const records = count('--records', values.records)
  return {
    records,
    rounds: count('--rounds', values.rounds),
    restarts: count('--restarts', values.restarts ?? (records < 10_000 ? '5' : '20')),
    json: values.json,
    only,
  }
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} ${text}: expected a whole number from 1 on`)
  return value
}
