// What a campaign of chaos runs does: words of the command line, handed to the test process as one variable.
import { parseArgs } from 'node:util'
import type { Delivery, Protocol } from './judgement.ts'

export interface Campaign {
  readonly seeds: readonly number[]
  readonly protocols: readonly Protocol[]
  readonly delivery: Delivery
  readonly records: number
  readonly faults: number
  /** Runs the agent that commits one record too far, and expects red. */
  readonly mutant: boolean
  /** Of the sources, for the results. */
  readonly revision: string
}

const VARIABLE = 'CHAOS_CAMPAIGN'
const protocols: readonly Protocol[] = ['relay', 'one-to-one']
const deliveries: readonly Delivery[] = ['at-least-once', 'exactly-once']

export const usage = `npm run test:chaos -- [--seeds 1-30] [--protocol a,b] [--delivery D] [--records N] [--faults N] [--mutant]

  --seeds A-B     one run for each seed and protocol (1-3)
  --protocol a,b  ${protocols.join(', ')} (both)
  --delivery D    ${deliveries.join(' or ')} (at-least-once)
  --records N     in the input topic of each run (200000)
  --faults N      in each run (10)
  --mutant        run an agent that commits one record too far: the verdict must be red
`

/** Throws an Error whose message names the bad word. */
export function parseCampaign(argv: readonly string[], revision: string): Campaign | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: 'string', default: '1-3' },
      protocol: { type: 'string', default: protocols.join() },
      delivery: { type: 'string', default: 'at-least-once' },
      records: { type: 'string', default: '200000' },
      faults: { type: 'string', default: '10' },
      mutant: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const [first = NaN, last = first] = values.seeds.split('-').map(Number)
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || last < first) {
    throw new Error(`--seeds ${values.seeds}: expected a number, or two with a dash between them`)
  }
  return {
    seeds: Array.from({ length: last - first + 1 }, (_, index) => first + index),
    protocols: values.protocol.split(',').map((word) => oneOf('--protocol', word, protocols)),
    delivery: oneOf('--delivery', values.delivery, deliveries),
    records: count('--records', values.records),
    faults: count('--faults', values.faults),
    mutant: values.mutant,
    revision,
  }
}

export const campaignVariable = (campaign: Campaign): Readonly<Record<string, string>> => ({
  [VARIABLE]: JSON.stringify(campaign),
})

export function readCampaign(env: Readonly<Record<string, string | undefined>>): Campaign {
  const text = env[VARIABLE]
  if (text === undefined) throw new Error('run it with npm run test:chaos')
  return JSON.parse(text) as Campaign
}

function oneOf<T extends string>(name: string, word: string, known: readonly T[]): T {
  const found = known.find((each) => each === word)
  if (found === undefined) throw new Error(`${name} ${word}: expected ${known.join(' or ')}`)
  return found
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} ${text}: expected a whole number from 1 on`)
  return value
}
