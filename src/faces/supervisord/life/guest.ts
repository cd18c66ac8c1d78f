import { AgentError } from '../../../domain/errors.ts'
import type { Health } from '../upkeep/health-monitor.ts'
import { namespec, type ProgramSpec } from '../../../domain/process/spec.ts'

/** What commands and questions need of a process. */
export interface Handled {
  readonly namespec: string
  readonly name: string
  readonly spec: ProgramSpec
  /** Null: nothing checks it; else it means something while it is RUNNING. */
  readonly health: Health | null
  /** `path` null: it has no log file. */
  readonly stdout: { readonly path: string | null }
  readonly stderr: { readonly path: string | null }
  /** Raises NOT_RUNNING, NO_FILE, FAILED, about `name`. */
  write(bytes: Uint8Array, name: string): void
  /** One turn of the loop after a write: raises NO_FILE, about `name`, where nobody can read it any more. */
  mustTakeInput(name: string): void
  /** Raises FAILED. */
  clearLogs(name: string): void
}

/**
 * A process that the file does not name, such as the Calculator: one status, the same commands, pipes of somebody
 * else.
 */
export class Guest implements Handled {
  readonly namespec: string
  readonly name: string
  readonly spec: ProgramSpec
  readonly health = null
  readonly stdout = { path: null }
  readonly stderr = { path: null }

  constructor(spec: ProgramSpec) {
    this.spec = spec
    this.name = spec.name
    this.namespec = namespec(spec)
  }

  write(_bytes: Uint8Array, name: string): void {
    throw new AgentError('NO_FILE', name)
  }

  mustTakeInput(name: string): void {
    throw new AgentError('NO_FILE', name)
  }

  clearLogs(): void {
    // Its output goes to the agent's log, or to a stream.
  }
}
