import { AgentError } from '../../../domain/errors.ts'
import type { ProgramSpec } from '../../../domain/process/spec.ts'
import type { Clock } from '../../../engine/ports.ts'
import type { RunOneShot } from '../../../engine/upkeep-ports.ts'
import type { HookName, Hooks } from '../config/upkeep.ts'
import type { MainLog } from '../main-log/main-log.ts'
import type { HookQueue } from './hook-queue.ts'
import { lastLine } from './probes.ts'
import { secondsText, within } from './within.ts'

export interface HookParts {
  readonly hooks: Hooks
  readonly spec: ProgramSpec
  readonly namespec: string
  readonly clock: Pick<Clock, 'arm'>
  readonly mainLog: MainLog
  readonly queue: HookQueue
  readonly runOneShot: RunOneShot
}

/** What a hook may want to know, as variables of its environment. */
export type HookFacts = Readonly<Record<`SUPERVISOR_${string}`, string>>

/** The hooks of one process: bounded commands around its life, whose outcome stands in the main log. */
export class HookRunner {
  readonly #parts: HookParts
  /** Of a `post_start` under way: it ends with the run that it belongs to. */
  #run = new AbortController()

  constructor(parts: HookParts) {
    this.#parts = parts
  }

  /** When the hooks of the last run have ended, `pre_start`. Rejects with SPAWN_ERROR where that fails. */
  async ready(signal: AbortSignal): Promise<void> {
    const { queue, namespec } = this.#parts
    await queue.idle(namespec)
    const failure = await this.#do('pre_start', {}, signal)
    if (failure !== null) throw new AgentError('SPAWN_ERROR', `pre_start failed: ${failure}`)
  }

  started(facts: HookFacts): void {
    this.#run = new AbortController()
    this.#enqueue('post_start', facts, this.#run.signal)
  }

  /** The child is gone. */
  ended(name: 'post_stop' | 'on_exit', facts: HookFacts): void {
    this.#run.abort()
    this.#enqueue(name, facts, new AbortController().signal)
  }

  #enqueue(name: HookName, facts: HookFacts, signal: AbortSignal): void {
    if (this.#parts.hooks.commands[name] === undefined) return
    this.#parts.queue.add(this.#parts.namespec, () => this.#do(name, facts, signal))
  }

  /** Null: it ended with 0, or there is none; never rejects. */
  async #do(name: HookName, facts: HookFacts, signal: AbortSignal): Promise<string | null> {
    const { hooks, spec, clock, mainLog, runOneShot } = this.#parts
    const command = hooks.commands[name]
    const isOff = (): boolean => signal.aborted
    if (command === undefined || isOff()) return null
    const environment = { ...spec.environment, ...facts, SUPERVISOR_HOOK: name }
    const shot = { ...spec, command, environment }
    const result = await within(clock, hooks.timeout, signal, (inner) => runOneShot(shot, inner))
    if (isOff()) {
      mainLog.line('info', `${name} of '${spec.name}' was called off`)
      return null
    }
    const late = { failure: `not done within ${secondsText(hooks.timeout)}, killed`, output: '' }
    const { failure, output } = result === 'late' ? late : result.value
    const last = lastLine(output)
    if (failure === null) mainLog.line('info', `${name} of '${spec.name}' done`)
    else mainLog.line('warn', `${name} of '${spec.name}' failed: ${failure}${last === '' ? '' : ` (${last})`}`)
    if (output !== '') mainLog.line('debug', `${name} of '${spec.name}' output:\n${output.trimEnd()}`)
    return failure
  }
}
