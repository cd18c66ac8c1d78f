// Many chaos runs, one test each, as `npm run test:chaos` asks for (run.ts); each verdict is appended to the results.
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { chaosRun } from './chaos-run.ts'
import { readCampaign, type Campaign } from './campaign-options.ts'
import { committingTooFar } from './mutant.ts'

const root = join(import.meta.dirname, '../..')
const RESULTS = join(import.meta.dirname, 'results.jsonl')
const LOGS = join(root, '.build/chaos')
const RUN_LIMIT_MS = 600_000

const { seeds, protocols, delivery, records, faults, mutant, revision } = readCampaign(process.env)

for (const seed of seeds) {
  for (const protocol of protocols) {
    test(`${protocol}, ${delivery}, seed ${seed}${mutant ? ', mutant' : ''}`, { timeout: RUN_LIMIT_MS }, async (t) => {
      // A kill of the Calculator falls on a record that is with it, and is committed already.
      const special = mutant ? { command: committingTooFar(t), kinds: ['calculator-kill'] as const } : {}
      const options = { seed, protocol, delivery, records, faults, ownServices: true, ...special }
      const { logs, ...outcome } = await chaosRun(t, options)
      for (const fault of outcome.faults) t.diagnostic(fault)
      t.diagnostic(JSON.stringify(outcome.account))
      const red = outcome.problems.length > 0
      const { account, kinds, duplicatesAllowed, seconds, problems } = outcome
      const { missing, duplicates, innocentDeadLetters, foreign, disordered } = account
      appendFileSync(
        RESULTS,
        `${JSON.stringify({
          ...{ date: new Date().toISOString().slice(0, 16), revision, mutant, seed, protocol, delivery },
          ...{ records: account.records, faults: outcome.faults.length, kinds, seconds },
          ...{ missing, innocentDeadLetters, foreign, duplicates, duplicatesAllowed },
          // Of relay's lines nothing is promised.
          disordered: protocol === 'relay' ? null : disordered,
          verdict: red ? problems : 'green',
        } satisfies Result)}\n`,
      )
      if (red && !mutant) {
        mkdirSync(LOGS, { recursive: true })
        const file = join(LOGS, `${protocol}-${delivery}-${seed}.log`)
        writeFileSync(file, [...outcome.faults, ...problems, JSON.stringify(account), logs].join('\n'))
        t.diagnostic(`the logs of its agents: ${file}`)
      }
      if (mutant) assert.match(problems.join(), /records are missing/, 'the verdict did not see what the mutant lost')
      else assert.deepEqual(problems, [])
    })
  }
}

interface Result extends Pick<Campaign, 'mutant' | 'delivery' | 'revision'> {
  readonly date: string
  readonly seed: number
  readonly protocol: Campaign['protocols'][number]
  readonly records: number
  readonly faults: number
  readonly kinds: number
  readonly seconds: number
  readonly missing: number
  readonly innocentDeadLetters: number
  readonly foreign: number
  readonly disordered: number | null
  readonly duplicates: number
  readonly duplicatesAllowed: number
  readonly verdict: 'green' | readonly string[]
}
