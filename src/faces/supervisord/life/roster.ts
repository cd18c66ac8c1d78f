import { AgentError } from '../../../domain/errors.ts'
import type { ProgramSpec } from '../../../domain/process/spec.ts'
import type { EventRing } from '../../../engine/event-ring.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import type { UpkeepTools } from '../../../engine/upkeep-ports.ts'
import type { Account } from '../config/machine.ts'
import type { GroupConfig, ProcessConfig } from '../config/types.ts'
import { splitNamespec } from '../namespec.ts'
import { HookQueue } from '../upkeep/hook-queue.ts'
import { ListenerPool } from '../events/listener-pool.ts'
import { FcgiGate, type OpenSocket } from './fcgi-gate.ts'
import { Guest, type Handled } from './guest.ts'
import { ManagedProcess } from './managed-process.ts'
import type { Surroundings } from './surroundings.ts'

export interface ActiveGroup {
  readonly config: GroupConfig
  /** In start order. */
  readonly processes: readonly ManagedProcess[]
  readonly pool: ListenerPool | null
}

export interface RosterParts {
  readonly supervisor: Supervisor
  readonly events: EventRing
  readonly tools: UpkeepTools
  readonly openSocket: OpenSocket
  /** All groups of a user, the first one included. */
  readonly groupsOf: (account: Account) => readonly number[]
}

/** The groups that are active, and the processes in them. */
export class Roster {
  readonly #parts: RosterParts
  readonly #around: Surroundings
  readonly #groups = new Map<string, ActiveGroup>()
  readonly #byNamespec = new Map<string, ManagedProcess>()
  /** Hooks under way. */
  readonly hooks = new HookQueue()

  constructor(parts: RosterParts, around: Surroundings) {
    this.#parts = parts
    this.#around = around
  }

  has(name: string): boolean {
    return this.#groups.has(name)
  }

  /** In the order in which they were added. */
  groups(): readonly ActiveGroup[] {
    return [...this.#groups.values()]
  }

  processes(): ManagedProcess[] {
    return this.groups().flatMap(({ processes }) => processes)
  }

  /** Those of the engine that no file names. */
  guests(): Guest[] {
    const { supervisor } = this.#parts
    return supervisor
      .names()
      .filter((name) => !this.#byNamespec.has(name))
      .map((name) => new Guest(supervisor.spec(name)))
  }

  /** Undefined: the engine's name is none of ours. */
  known(namespec: string): ManagedProcess | undefined {
    return this.#byNamespec.get(namespec)
  }

  /** By the engine's name, which must be known there. */
  handled(namespec: string): Handled {
    return this.#byNamespec.get(namespec) ?? new Guest(this.#parts.supervisor.spec(namespec))
  }

  /** All of them by priority, guests last. */
  inOrder(): Handled[] {
    const groups = this.groups().toSorted((a, b) => a.config.priority - b.config.priority)
    return [...groups.flatMap(({ processes }) => processes.toSorted(byPriority)), ...this.guests()]
  }

  /** The processes of one group by priority; a guest's group, too. Raises BAD_NAME. */
  members(name: string): Handled[] {
    const own = this.#groups.get(name)?.processes ?? this.guests().filter(({ spec }) => spec.group === name)
    if (own.length === 0 && !this.#groups.has(name)) throw new AgentError('BAD_NAME', name)
    return [...own].sort(byPriority)
  }

  /** Raises BAD_NAME. */
  group(name: string): ActiveGroup {
    const group = this.#groups.get(name)
    if (group === undefined) throw new AgentError('BAD_NAME', name)
    return group
  }

  /** Raises BAD_NAME, also for the name of a whole group. */
  find(namespec: string): Handled {
    const { group, process } = splitNamespec(namespec)
    const own = this.#groups.get(group)?.processes ?? this.guests().filter(({ spec }) => spec.group === group)
    const found = own.find(({ name }) => name === process)
    if (found === undefined) throw new AgentError('BAD_NAME', namespec)
    return found
  }

  /**
   * The group must not be there yet. Raises SPAWN_ERROR where its socket cannot be opened, BAD_NAME for a name twice.
   * @param stopPriority what a shutdown goes by
   */
  add(config: GroupConfig, stopPriority = config.priority): ActiveGroup {
    const { openSocket } = this.#parts
    const { bus, mainLog, serials, settings } = this.#around
    const pool =
      config.kind === 'eventlistener'
        ? new ListenerPool({
            name: config.name,
            identifier: settings.identifier,
            bufferSize: config.bufferSize,
            types: config.events,
            bus,
            mainLog,
            serials,
          })
        : null
    const socket = config.kind === 'fcgi-program' ? config.socket : null
    const shared = socket && new FcgiGate(socket, openSocket, mainLog)
    shared?.probe()
    const processes = config.processes.map((process) => {
      const gate =
        shared ?? (process.fcgiSocket === null ? null : new FcgiGate(process.fcgiSocket, openSocket, mainLog))
      return this.#make(process, stopPriority, pool, gate)
    })
    for (const process of processes) this.#enter(process)
    const group = { config, processes, pool }
    this.#groups.set(config.name, group)
    bus.notify('PROCESS_GROUP_ADDED', `groupname:${config.name}\n`)
    return group
  }

  /** Everything in it is stopped. Raises BAD_NAME, FAILED. */
  remove(name: string): void {
    const { processes, pool } = this.group(name)
    for (const process of processes) this.#leave(process)
    pool?.close()
    this.#groups.delete(name)
    this.#around.bus.notify('PROCESS_GROUP_REMOVED', `groupname:${name}\n`)
  }

  /**
   * One more process for a group that is there. Raises BAD_NAME for a name twice.
   * @param next the group as it is to be in the end, for the order
   */
  addMember(next: GroupConfig, config: ProcessConfig, stopPriority: number): ManagedProcess {
    const group = this.group(next.name)
    const process = this.#make(config, stopPriority, null, null)
    this.#enter(process)
    const order = next.processes.map(({ spec }) => spec.name)
    const place = ({ name }: ManagedProcess): number => (order.includes(name) ? order.indexOf(name) : order.length)
    this.#resize(
      group,
      [...group.processes, process].sort((a, b) => place(a) - place(b)),
    )
    return process
  }

  /** It is stopped. Raises FAILED. */
  removeMember(process: ManagedProcess): void {
    const group = this.group(process.spec.group)
    this.#leave(process)
    this.#resize(
      group,
      group.processes.filter((other) => other !== process),
    )
  }

  #resize(group: ActiveGroup, processes: readonly ManagedProcess[]): void {
    const config = { ...group.config, processes: processes.map((process) => process.config) }
    this.#groups.set(config.name, { ...group, config, processes })
  }

  #make(config: ProcessConfig, stopPriority: number, pool: ListenerPool | null, gate: FcgiGate | null): ManagedProcess {
    const isRunning = (namespec: string): boolean => this.#parts.supervisor.snapshot(namespec)?.state === 'RUNNING'
    const upkeep = { ...this.#parts, queue: this.hooks }
    const spec = engineSpec(config, stopPriority, this.#parts)
    return new ManagedProcess(config, spec, { pool, gate, isRunning, upkeep }, this.#around)
  }

  #enter(process: ManagedProcess): void {
    this.#parts.supervisor.add(process.spec, process)
    this.#byNamespec.set(process.namespec, process)
  }

  #leave(process: ManagedProcess): void {
    this.#parts.supervisor.remove(process.namespec)
    this.#byNamespec.delete(process.namespec)
    for (const { path } of [process.stdout, process.stderr]) if (path !== null) this.#around.followers.close(path)
  }
}

const byPriority = (a: Handled, b: Handled): number => a.spec.priority - b.spec.priority

/** What the engine runs: the program's own spec, and what its group and the machine add to it. */
function engineSpec(process: ProcessConfig, groupPriority: number, { groupsOf }: RosterParts): ProgramSpec {
  const { spec, user, commandProblem, redirectStderr } = process
  const home = process.userEnvironment && user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {}
  return {
    ...spec,
    groupPriority,
    // What the file sets for the program itself wins.
    environment: { ...spec.environment, ...home, ...process.environment },
    stderr: redirectStderr ? 'stdout' : 'bytes',
    ...(user && { user: { uid: user.uid, gid: user.gid, groups: groupsOf(user) } }),
    ...(commandProblem !== null && { commandProblem }),
  }
}
