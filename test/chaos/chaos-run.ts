// One chaos run: a stream of numbered records, faults from a seed, and the account of every record at its end.
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Account } from './accounting.ts'
import { faultPlan, type FaultKind } from './fault-plan.ts'
import { Faults } from './faults.ts'
import { judge } from './judgement.ts'
import { CHECKPOINT_SECONDS, RATE, Scene, type SceneOptions } from './scene.ts'

export interface RunOptions extends SceneOptions {
  readonly faults: number
  /** Which may be drawn; absent: all. */
  readonly kinds?: readonly FaultKind[]
}

export interface Outcome {
  /** One line per fault. */
  readonly faults: readonly string[]
  readonly kinds: number
  readonly account: Account
  readonly duplicatesAllowed: number
  readonly seconds: number
  /** Empty: the run is green. */
  readonly problems: readonly string[]
  /** The logs of all agents. */
  readonly logs: string
}

const DONE_LIMIT_MS = 180_000
/** What a fault may make come twice: what is answered between two commits, and a second for the commit itself. */
const CHECKPOINT_RECORDS = RATE * (CHECKPOINT_SECONDS + 1)
const harmless: readonly FaultKind[] = ['slow-calculator', 'consul-kill', 'calculator-stop', 'agent-stop']

export async function chaosRun(t: TestContext, options: RunOptions): Promise<Outcome> {
  const began = performance.now()
  const plan = faultPlan(options.seed, options.faults, options.kinds)
  const scene = await Scene.set(t, options)
  const faults = new Faults(scene, await scene.start('main'))
  await scene.flows(1)
  const problems: string[] = []
  const over: Promise<void>[] = []
  for (const fault of plan) {
    await pause(fault.afterMs)
    over.push(faults.inflict(fault))
  }
  const left = await scene.lag()
  if (left === 0) problems.push('the stream was over before the last fault began')
  await Promise.all(over)
  scene.pace(0)
  await scene.done(DONE_LIMIT_MS).catch(async () => {
    problems.push(`${(await scene.lag()) ?? 'unknown'} records are not committed ${DONE_LIMIT_MS / 1000} s later`)
  })
  const code = await faults.main.stop()
  if (code !== 0) problems.push(`the agent left with exit code ${code ?? 'none'}`)
  const account = await scene.account()
  const { protocol, delivery } = options
  const duplicatesAllowed = plan.filter(({ kind }) => !harmless.includes(kind)).length * CHECKPOINT_RECORDS
  return {
    faults: faults.log,
    kinds: new Set(plan.map(({ kind }) => kind)).size,
    account,
    duplicatesAllowed,
    seconds: Math.round((performance.now() - began) / 1000),
    problems: [...problems, ...faults.problems, ...judge(account, { protocol, delivery, duplicatesAllowed })],
    logs: scene.agents.map(({ pid, stderr }) => `== pid ${pid}\n${stderr}`).join('\n'),
  }
}
