import type { ProgramSpec } from '../../../domain/process/spec.ts'
import type { EventRing } from '../../../engine/event-ring.ts'
import type { NumberedEvent } from '../../../engine/snapshot.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import type { UpkeepTools } from '../../../engine/upkeep-ports.ts'
import type { Surroundings } from '../life/surroundings.ts'
import type { Upkeep } from '../config/upkeep.ts'
import { HealthMonitor, type Health } from './health-monitor.ts'
import type { HookQueue } from './hook-queue.ts'
import { HookRunner, type HookFacts } from './hook-runner.ts'
import { look } from './probes.ts'

export interface UpkeepParts {
  readonly supervisor: Supervisor
  readonly events: EventRing
  readonly tools: UpkeepTools
  readonly queue: HookQueue
}

/** What is done for one process beside running it: health checks and hooks, as its configuration says. */
export class ProcessUpkeep {
  readonly #namespec: string
  readonly #parts: UpkeepParts
  readonly #monitor: HealthMonitor | null
  readonly #hooks: HookRunner
  #pid = 0

  constructor(
    { health, hooks }: Upkeep,
    spec: ProgramSpec,
    namespec: string,
    parts: UpkeepParts,
    { clock, mainLog }: Surroundings,
  ) {
    this.#namespec = namespec
    this.#parts = parts
    const { runOneShot } = parts.tools
    this.#monitor =
      health &&
      new HealthMonitor({
        check: health,
        clock,
        look: (signal) => look(health.probe, spec, runOneShot, signal),
        changed: (state, reason) => this.#changed(state, reason),
      })
    this.#hooks = new HookRunner({ hooks, spec, namespec, clock, mainLog, queue: parts.queue, runOneShot })
  }

  /** Null: nothing checks it. Says something only while it is RUNNING. */
  get health(): Health | null {
    return this.#monitor?.health ?? null
  }

  /** Rejects with SPAWN_ERROR. */
  ready(signal: AbortSignal): Promise<void> {
    return this.#hooks.ready(signal)
  }

  /** A fact about this process, from the engine. */
  heard({ event, fields }: NumberedEvent): void {
    const pid = fields['pid'] ?? null
    if (event === 'process.running') {
      this.#pid = Number(pid)
      this.#monitor?.start()
      this.#hooks.started({ SUPERVISOR_PROCESS_PID: String(pid) })
    } else if (event === 'process.stopping') {
      this.#monitor?.stop()
    } else if (event === 'process.exited' || event === 'process.stopped') {
      this.#monitor?.stop()
      if (pid !== null) this.#hooks.ended(fields['from'] === 'STOPPING' ? 'post_stop' : 'on_exit', ending(fields))
    }
  }

  #changed(health: 'healthy' | 'unhealthy', reason: string): void {
    const { events, supervisor } = this.#parts
    const fields = { process: this.#namespec, state: 'RUNNING', from: 'RUNNING', pid: this.#pid }
    if (health === 'healthy') {
      events.publish('process.healthy', 'info', `${this.#namespec} is healthy`, fields)
      return
    }
    events.publish('process.unhealthy', 'warn', `${this.#namespec} is unhealthy: ${reason}`, { ...fields, reason })
    supervisor.restart(this.#namespec, `unhealthy, ${reason}`)
  }
}

const ending = ({ pid, exitCode, signal }: NumberedEvent['fields']): HookFacts => ({
  SUPERVISOR_PROCESS_PID: String(pid),
  SUPERVISOR_EXIT_STATUS: String(exitCode ?? -1),
  ...(typeof signal === 'string' && { SUPERVISOR_EXIT_SIGNAL: signal }),
})
