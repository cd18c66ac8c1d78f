// The Calculator beside the programs of a supervisord configuration, as the host of these sees it.
import type { EventRing } from '../../engine/event-ring.ts'
import type { ChildLine, Spawner } from '../../engine/ports.ts'
import type { Supervisor } from '../../engine/supervision/supervisor.ts'
import type { Daemon } from '../../faces/supervisord/daemon.ts'
import type { AgentSignal } from '../../os/signals.ts'

/** What runs beside the lives of the daemon, and ends with it. */
export interface Companion {
  /** @returns the exit code of all */
  run(): Promise<number>
  signal(name: AgentSignal): void
  fail(code: number): void
}

export interface CompanionParts {
  /** It has that for itself. */
  readonly group: string
  readonly onStderrLine: (line: ChildLine) => void
  /** A line without what nobody may see. */
  readonly masked: (text: string) => string
  /** What the programs of the file inherit. */
  readonly childEnvironment: Readonly<Record<string, string>>
  create(shared: {
    spawner: Spawner
    events: EventRing
    supervisor: Supervisor
    /** Of now; null before the first. */
    daemon: () => Daemon | null
  }): Companion
}
