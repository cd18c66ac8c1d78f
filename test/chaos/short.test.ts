// The short chaos run: one seed for each protocol, and the proof that the verdict can turn red.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needsBinary, needsConsul, needsKafka } from '../testbed/address.ts'
import { chaosRun, type RunOptions } from './chaos-run.ts'
import { committingTooFar } from './mutant.ts'

const needs = { skip: needsKafka.skip || needsConsul.skip || needsBinary.skip, timeout: 480_000 }
// So many records that at the pace of a run the last fault falls in their middle, though it be twice as late as planned;
// what is left then goes as fast as it can.
const short = { delivery: 'at-least-once', faults: 4 } as const

async function run(t: TestContext, options: Omit<RunOptions, keyof typeof short>): Promise<string[]> {
  const { faults, account, seconds, problems } = await chaosRun(t, { ...short, ...options })
  for (const fault of faults) t.diagnostic(fault)
  t.diagnostic(`${account.records} records, ${account.missing} missing, ${account.duplicates} duplicates, ${seconds} s`)
  return [...problems]
}

test('relay: child, agent and broker are killed, the run document changes', needs, async (t) => {
  const kinds = ['calculator-kill', 'agent-kill', 'broker-kill', 'document'] as const
  assert.deepEqual(await run(t, { seed: 1, protocol: 'relay', records: 40_000, kinds, ownServices: true }), [])
})

test('one-to-one: child and agent are killed, one is stopped, another agent comes and goes', needs, async (t) => {
  const kinds = ['calculator-kill', 'agent-kill', 'calculator-stop', 'guest-leaves'] as const
  assert.deepEqual(await run(t, { seed: 2, protocol: 'one-to-one', records: 60_000, kinds, ownServices: false }), [])
})

test('an agent that commits one record too far is found out', needs, async (t) => {
  // Each of these kills falls on a record that is with the Calculator, and is committed already.
  const kinds = ['calculator-kill'] as const
  const command = committingTooFar(t)
  const problems = await run(t, {
    seed: 3,
    protocol: 'one-to-one',
    records: 50_000,
    kinds,
    ownServices: false,
    command,
  })
  assert.match(problems.join(), /records are missing/)
})
