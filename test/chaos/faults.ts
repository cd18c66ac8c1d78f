// Does to a scene what a fault plan says. Faults of different targets overlap; those of one target wait for each other.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import process from 'node:process'
import type { TestAgent } from '../support/agent.ts'
import type { Fault, FaultKind } from './fault-plan.ts'
import { RATE, type Scene } from './scene.ts'

type Target = 'agent' | 'broker' | 'consul' | 'guest' | 'pace'

const targetOf: Record<FaultKind, Target> = {
  'calculator-kill': 'agent',
  'calculator-stop': 'agent',
  'agent-kill': 'agent',
  'agent-stop': 'agent',
  'agent-stop-long': 'agent',
  'slow-calculator': 'pace',
  'broker-stop': 'broker',
  'broker-kill': 'broker',
  'consul-kill': 'consul',
  document: 'consul',
  'guest-leaves': 'guest',
  'guest-dies': 'guest',
}

export class Faults {
  /** One line per fault, in the order in which they came about. */
  readonly log: string[] = []
  readonly problems: string[] = []
  readonly #scene: Scene
  readonly #began = performance.now()
  readonly #turns = new Map<Target, Promise<void>>()
  #main: TestAgent
  #guests = 0

  constructor(scene: Scene, main: TestAgent) {
    this.#scene = scene
    this.#main = main
  }

  /** The agent that is killed and stopped; another process after each time that it was killed. */
  get main(): TestAgent {
    return this.#main
  }

  /** Resolves when the fault is over, and what it took away is back. */
  inflict(fault: Fault): Promise<void> {
    const target = targetOf[fault.kind]
    const turn = (this.#turns.get(target) ?? Promise.resolve()).then(async () => {
      this.#note(fault)
      await this.#does[fault.kind](fault.lastsMs)
    })
    this.#turns.set(target, turn)
    return turn
  }

  readonly #does: Record<FaultKind, (lastsMs: number) => Promise<void>> = {
    'calculator-kill': () => this.#main.killCalculator(),
    'calculator-stop': async (lastsMs) => stopped(await this.#main.calculator(), lastsMs),
    'slow-calculator': async (lastsMs) => {
      this.#scene.pace(RATE / 20)
      await pause(lastsMs)
      this.#scene.pace(RATE)
    },
    'agent-kill': async (lastsMs) => {
      await killed(this.#main)
      await pause(lastsMs)
      this.#main = await this.#scene.start('main')
    },
    'agent-stop': (lastsMs) => stopped(this.#main.pid, lastsMs),
    'agent-stop-long': (lastsMs) => stopped(this.#main.pid, lastsMs),
    'broker-stop': (lastsMs) => away(lastsMs, this.#scene.broker, (broker) => broker.stop()),
    'broker-kill': (lastsMs) => away(lastsMs, this.#scene.broker, (broker) => broker.kill()),
    'consul-kill': (lastsMs) => away(lastsMs, this.#scene.consul, (consul) => consul.kill()),
    document: () => this.#scene.publish(),
    'guest-leaves': async (lastsMs) => {
      const guest = await this.#scene.start(`guest-${++this.#guests}`)
      await pause(lastsMs)
      const code = await guest.stop()
      // Null: it was not far enough to know the signal.
      if (code !== 0 && code !== null) this.problems.push(`a guest left with exit code ${code}`)
    },
    'guest-dies': async (lastsMs) => {
      const guest = await this.#scene.start(`guest-${++this.#guests}`)
      await pause(lastsMs)
      await killed(guest)
    },
  }

  #note({ kind, lastsMs }: Fault): void {
    const at = ((performance.now() - this.#began) / 1000).toFixed(1)
    this.log.push(`+${at} s ${kind}${lastsMs > 0 ? ` for ${(lastsMs / 1000).toFixed(1)} s` : ''}`)
  }
}

async function away<S extends { start(): Promise<void> }>(
  lastsMs: number,
  service: S | null,
  end: (service: S) => Promise<void>,
): Promise<void> {
  if (service === null) throw new Error('this run shares its services with others: they cannot be stopped')
  await end(service)
  await pause(lastsMs)
  await service.start()
}

async function killed(agent: TestAgent): Promise<void> {
  if (agent.process.exitCode !== null || agent.process.signalCode !== null) return
  const exit = once(agent.process, 'exit')
  agent.signal('SIGKILL')
  await exit
}

async function stopped(pid: number, lastsMs: number): Promise<void> {
  signal(pid, 'SIGSTOP')
  try {
    await pause(lastsMs)
  } finally {
    signal(pid, 'SIGCONT')
  }
}

/** A process that is gone meanwhile has another fault behind it. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
