import type { Difference } from '../config/difference.ts'
import type { LoadedFile } from '../config/load.ts'
import type { SupervisordConfig } from '../config/types.ts'
import type {
  ConfigInfo,
  Daemon,
  DaemonState,
  GroupInfo,
  LogChannel,
  LogFollower,
  Outcome,
  ProcessInfo,
  TailedLog,
  Waiting,
} from '../daemon.ts'
import { watchMemory } from '../upkeep/memory-watch.ts'
import { startTicks } from '../events/ticks.ts'
import { autostart } from './autostart.ts'
import { Configuration } from './configuration.ts'
import { Commands, type CommandParts } from './commands.ts'
import { Ending, type CompanionEnd } from './ending.ts'
import type { Handled } from './guest.ts'
import { hearing } from './hearing.ts'
import { LogAccess } from './log-access.ts'
import type { ManagedProcess } from './managed-process.ts'
import { byName, configInfos, groupInfos, processInfo } from './process-info.ts'
import { Roster, type RosterParts } from './roster.ts'
import { StateWatch } from './state-watch.ts'
import type { Surroundings } from './surroundings.ts'

export interface LifeParts extends RosterParts, Pick<CommandParts, 'checkCommand'> {
  readonly config: SupervisordConfig
  readonly around: Surroundings
  readonly pid: number
  /** Reads the files anew. */
  readonly load: () => LoadedFile
  readonly companion?: CompanionEnd
}

/** One life of the daemon, from its first group to its last: what every other part of the face talks to. */
export class Life implements Daemon {
  readonly identifier: string
  readonly pid: number
  readonly #parts: LifeParts
  readonly #around: Surroundings
  readonly #roster: Roster
  readonly #watch = new StateWatch()
  readonly #commands: Commands
  readonly #configuration: Configuration
  readonly #logs: LogAccess
  readonly #ending: Ending

  constructor(parts: LifeParts) {
    this.#parts = parts
    this.#around = parts.around
    this.identifier = parts.config.settings.identifier
    this.pid = parts.pid
    const roster = (this.#roster = new Roster(parts, parts.around))
    this.#ending = new Ending({ ...parts, roster, companion: parts.companion })
    const { mustRun } = this.#ending
    this.#logs = new LogAccess(roster, parts.around, mustRun)
    this.#commands = new Commands({ ...parts, ...parts.around, roster, watch: this.#watch, mustRun })
    this.#configuration = new Configuration({ ...parts, ...parts.around, roster, commands: this.#commands })
  }

  /** 0 unless a program has `exit_on`. */
  get exitCode(): number {
    return this.#ending.exitCode
  }

  /** Resolves when everything is stopped, with what is wanted next. */
  get ended(): Promise<'SHUTDOWN' | 'RESTARTING'> {
    return this.#ending.ended
  }

  /** Adds the groups; nothing runs yet. Raises what `Roster.add` raises. */
  open(): void {
    const ended = (namespec: string): void => this.#ending.judge(namespec)
    this.#ending.atEnd(this.#parts.events.subscribe(hearing(this.#roster, this.#watch, this.#around, ended)))
    this.#configuration.addAll()
  }

  /** From now on it runs: what has autostart is started, by priority. Resolves when the last of them was spawned. */
  run(): Promise<void> {
    const { bus, clock, mainLog } = this.#around
    this.#ending.atEnd(startTicks(bus, clock))
    const { supervisor, tools } = this.#parts
    const processes = (): readonly ManagedProcess[] => this.#roster.processes()
    this.#ending.atEnd(watchMemory({ clock, supervisor, mainLog, measureMemory: tools.measureMemory, processes }))
    bus.notify('SUPERVISOR_STATE_CHANGE_RUNNING', '')
    return this.#autostart(this.#roster.processes())
  }

  state(): DaemonState {
    return this.#ending.state
  }

  now(): number {
    return this.#around.clock.wall()
  }

  processes(): readonly ProcessInfo[] {
    const all: Handled[] = [...this.#roster.processes(), ...this.#roster.guests()]
    return all.sort(byName).map(this.#info)
  }

  process(namespec: string): ProcessInfo {
    return this.#info(this.#roster.find(namespec))
  }

  groups(): readonly GroupInfo[] {
    return groupInfos(this.#roster)
  }

  configs(): readonly ConfigInfo[] {
    return configInfos(this.#configuration.read, this.#roster)
  }

  startProcess(namespec: string, options: Waiting): Promise<void> {
    return this.#commands.start(namespec, options)
  }

  stopProcess(namespec: string, options: Waiting): Promise<void> {
    return this.#commands.stop(namespec, options)
  }

  signalProcess(namespec: string, signal: string): void {
    this.#commands.signal(namespec, signal)
  }

  async startGroup(group: string, options: Waiting): Promise<readonly Outcome[]> {
    return this.#commands.startMany(this.#membersOf(group), options)
  }

  async startAll(options: Waiting): Promise<readonly Outcome[]> {
    return this.#commands.startMany(this.#all(), options)
  }

  async stopGroup(group: string, options: Waiting): Promise<readonly Outcome[]> {
    return this.#commands.stopMany(this.#membersOf(group), options)
  }

  async stopAll(options: Waiting): Promise<readonly Outcome[]> {
    return this.#commands.stopMany(this.#all(), options)
  }

  signalGroup(group: string, signal: string): readonly Outcome[] {
    return this.#commands.signalMany(this.#membersOf(group), signal)
  }

  signalAll(signal: string): readonly Outcome[] {
    return this.#commands.signalMany(this.#all(), signal)
  }

  sendStdin(namespec: string, bytes: Uint8Array): Promise<void> {
    return this.#commands.sendStdin(namespec, bytes)
  }

  reread(): Difference {
    this.#ending.mustRun()
    return this.#configuration.reread()
  }

  addGroup(name: string): void {
    this.#ending.mustRun()
    void this.#autostart(this.#configuration.add(name))
    this.#watch.rosterChanged()
  }

  removeGroup(name: string): void {
    this.#ending.mustRun()
    this.#configuration.remove(name)
    this.#watch.rosterChanged()
  }

  shutdown(): void {
    this.#ending.begin('SHUTDOWN')
  }

  restart(): void {
    const isLast = this.#parts.companion?.isDue() ?? false
    if (this.#ending.state === 'RUNNING' && !isLast) this.#configuration.load()
    this.#ending.begin(isLast ? 'SHUTDOWN' : 'RESTARTING')
  }

  sendRemoteCommEvent(type: string, data: string): void {
    this.#around.bus.notify('REMOTE_COMMUNICATION', `type:${type}\n${data}`)
  }

  readLog(namespec: string, channel: LogChannel, offset: number, length: number): Uint8Array {
    return this.#logs.read(namespec, channel, offset, length)
  }

  tailLog(namespec: string, channel: LogChannel, offset: number, length: number): TailedLog {
    return this.#logs.tail(namespec, channel, offset, length)
  }

  clearLogs(namespec: string): void {
    this.#logs.clear(namespec)
  }

  clearAllLogs(): readonly Outcome[] {
    return this.#commands.eachAtOnce(this.#all(), (name) => this.#logs.clear(name))
  }

  followLog(namespec: string, channel: LogChannel): LogFollower {
    return this.#logs.follow(namespec, channel)
  }

  readMainLog(offset: number, length: number): Uint8Array {
    return this.#logs.readMain(offset, length)
  }

  clearMainLog(): void {
    this.#logs.clearMain()
  }

  followMainLog(): LogFollower {
    return this.#logs.followMain()
  }

  reopenLogs(): void {
    this.#logs.reopen()
  }

  #info = (process: Handled): ProcessInfo => processInfo(process, this.#commands.snapshot(process), this.now())

  #all(): Handled[] {
    this.#ending.mustRun()
    return this.#roster.inOrder()
  }

  #membersOf(group: string): Handled[] {
    this.#ending.mustRun()
    const member = this.#configuration.live(group)
    return member === undefined ? this.#roster.members(group) : [member]
  }

  #autostart(processes: readonly ManagedProcess[]): Promise<void> {
    const { supervisor } = this.#parts
    const { clock, mainLog } = this.#around
    const mayGoOn = (): boolean => this.#ending.state === 'RUNNING'
    return autostart(processes, { supervisor, clock, mainLog, roster: this.#roster, watch: this.#watch, mayGoOn })
  }
}
