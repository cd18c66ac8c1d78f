// The imperative shell of domain/process: it keeps the processes, and tells each what is wanted of it. A restart is never
// called here: it follows from a deadline.
import { AgentError } from '../../domain/errors.ts'
import { namespec, type ProgramSpec, type Signal } from '../../domain/process/spec.ts'
import { settled, type ProcessEvent } from '../../domain/process/state.ts'
import { mustBeDown, mustBeFree, newManaged, type Managed } from './managed.ts'
import type { PipeOwner } from '../ports.ts'
import { processSnapshot } from './process-snapshot.ts'
import { ProcessTurns, type ProcessPorts } from './process-turns.ts'
import type { ProcessSnapshot } from '../snapshot.ts'
import { shutdownOrder } from './shutdown-order.ts'

/** Every process of the agent, by namespec (`group:name`, or the bare name where both are equal). */
export class Supervisor {
  readonly #ports: ProcessPorts
  readonly #turns: ProcessTurns
  readonly #managed = new Map<string, Managed>()
  #shutdown: Promise<void> | null = null

  constructor(ports: ProcessPorts) {
    this.#ports = ports
    this.#turns = new ProcessTurns(ports)
  }

  /**
   * A new process, STOPPED; `owner` gets the pipes of each of its children. Returns the namespec. Throws BAD_NAME where
   * that is taken.
   */
  add(spec: ProgramSpec, owner: PipeOwner): string {
    const name = namespec(spec)
    if (this.#managed.has(name)) throw new AgentError('BAD_NAME', `cannot add ${name}: the name is taken`)
    this.#managed.set(name, newManaged(name, spec, owner, this.#shutdown !== null))
    return name
  }

  /** Forgets a process. Throws BAD_NAME, and FAILED while it is up or will be, as far as that is known. */
  remove(name: string): void {
    const managed = this.#find(name)
    mustBeDown(managed)
    managed.removed = true
    this.#managed.delete(name)
  }

  /** The next start uses `spec`; a child that runs is left alone. Throws BAD_NAME, also where `spec` has another name. */
  replace(name: string, spec: ProgramSpec): void {
    const managed = this.#find(name)
    if (namespec(spec) !== name) {
      throw new AgentError('BAD_NAME', `cannot replace ${name} by ${namespec(spec)}: remove and add it`)
    }
    managed.process = { ...managed.process, nextSpec: spec }
  }

  /** What the next start uses. Throws BAD_NAME. */
  spec(name: string): ProgramSpec {
    return this.#find(name).process.nextSpec
  }

  /** Undefined: there is no such process. */
  snapshot(name: string): ProcessSnapshot | undefined {
    const managed = this.#managed.get(name)
    return managed && this.#snapshot(managed)
  }

  /** Every namespec, in the order of `add`. */
  names(): string[] {
    return [...this.#managed.keys()]
  }

  /** In the order of `add`. */
  snapshots(): ProcessSnapshot[] {
    return [...this.#managed.values()].map((managed) => this.#snapshot(managed))
  }

  /**
   * When it returns the child was spawned, or could not be (then the state is BACKOFF). Throws BAD_NAME,
   * ALREADY_STARTED, ABNORMAL_TERMINATION (while STOPPING, or held), FAILED (UNKNOWN) or SHUTDOWN_STATE.
   * supervisord: rpcinterface.startProcess.
   */
  start(name: string): void {
    mustBeFree(this.#find(name))
    this.#command(name, 'start')
  }

  /**
   * Resolves when the process is settled. Rejects with BAD_NAME or NOT_RUNNING; NOT_RUNNING also while STOPPING, as
   * supervisord: rpcinterface.stopProcess. `whenSettled` waits for a stop that somebody else asked for.
   */
  async stop(name: string): Promise<void> {
    this.requestStop(name)
    await this.whenSettled(name)
  }

  /** As `stop`, without waiting. */
  requestStop(name: string): void {
    this.#command(name, 'stop')
  }

  /** Stops what is up and starts it again, for this reason; what is down stays so. Throws BAD_NAME. */
  restart(name: string, reason: string): void {
    this.#handle(this.#find(name), { type: 'restart', at: this.#ports.clock.now(), reason })
  }

  /** Kills this child, with its group, as one that cannot be used any more: it dies as by itself. Throws BAD_NAME. */
  kill(name: string, pid: number): void {
    this.#turns.kill(this.#find(name), pid)
  }

  /**
   * Stops what is up, waits for what is stopping already, and is content with what is down; of what is UNKNOWN it waits
   * for the end of the child. From now on `start` refuses everybody, until `release`. Rejects with BAD_NAME.
   */
  async hold(name: string): Promise<void> {
    const managed = this.#find(name)
    managed.held = true
    this.#handle(managed, { type: 'stop', at: this.#ports.clock.now() })
    await this.whenSettled(name)
    while (managed.process.child !== null) await new Promise<void>((resolve) => managed.waiters.push(resolve))
  }

  /** Ends what `hold` began. Throws BAD_NAME. */
  release(name: string): void {
    this.#find(name).held = false
  }

  /** Resolves at once when STOPPED, FATAL, UNKNOWN, or EXITED for good; else when it gets there. Rejects with BAD_NAME. */
  async whenSettled(name: string): Promise<void> {
    const managed = this.#find(name)
    if (settled(managed.process)) return
    await new Promise<void>((resolve) => managed.waiters.push(resolve))
  }

  /** The process has answered its first record; further calls change nothing. Throws BAD_NAME. */
  progressed(name: string): void {
    this.#handle(this.#find(name), { type: 'progressed', at: this.#ports.clock.now() })
  }

  /** The process said that it is ready; further calls change nothing. Throws BAD_NAME. */
  ready(name: string): void {
    this.#handle(this.#find(name), { type: 'ready', at: this.#ports.clock.now() })
  }

  /**
   * Stops everything for good: from now on nothing is started or restarted. By descending priority of the groups,
   * those of one priority together. supervisord: Supervisor.ordered_stop_groups_phase_1.
   */
  stopAll(): Promise<void> {
    this.#shutdown ??= this.halt([...this.#managed.keys()])
    return this.#shutdown
  }

  /**
   * Like `stopAll`, for these alone. Names that are unknown are passed over. `before` is waited for before those of one
   * priority are stopped, and told their names.
   */
  async halt(names: readonly string[], before?: (names: readonly string[]) => Promise<void>): Promise<void> {
    const halting = names.flatMap((name) => this.#managed.get(name) ?? [])
    for (const managed of halting) managed.halted = true
    for (const group of shutdownOrder(halting.map(({ process }) => process.spec))) {
      const members = group.flatMap((spec) => this.#managed.get(namespec(spec)) ?? [])
      if (before) await before(members.map(({ name }) => name))
      for (const managed of members) this.#handle(managed, { type: 'abandon', at: this.#ports.clock.now() })
      await Promise.all(members.map(({ name }) => this.whenSettled(name)))
    }
  }

  /**
   * Sends a signal to the child alone, with no intention to stop it. Throws BAD_NAME, NOT_RUNNING (it has no child),
   * FAILED. supervisord: Subprocess.signal.
   */
  signal(name: string, signal: Signal): void {
    const { process } = this.#find(name)
    const { state, child } = process
    if (child === null || state === 'UNKNOWN') throw new AgentError('NOT_RUNNING', name)
    this.#ports.spawner.kill(child.pid, signal, false)
  }

  #find(name: string): Managed {
    const managed = this.#managed.get(name)
    if (managed === undefined) throw new AgentError('BAD_NAME', name)
    return managed
  }

  #command(name: string, type: 'start' | 'stop'): void {
    const refused = this.#turns.command(this.#find(name), type)
    if (refused !== null) throw new AgentError(refused, name)
  }

  #handle(managed: Managed, event: ProcessEvent): void {
    this.#turns.handle(managed, event)
  }

  #snapshot({ name, process }: Managed): ProcessSnapshot {
    return processSnapshot(process, this.#ports.clock.now(), this.#ports.spawner.stderrTail(name))
  }
}
