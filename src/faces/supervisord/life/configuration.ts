import { AgentError } from '../../../domain/errors.ts'
import { namespec } from '../../../domain/process/spec.ts'
import { stopPriorities } from '../config/dependencies.ts'
import { difference, type Difference } from '../config/difference.ts'
import type { LoadedFile } from '../config/load.ts'
import type { GroupConfig, SupervisordConfig } from '../config/types.ts'
import type { MainLog } from '../main-log/main-log.ts'
import { splitNamespec } from '../namespec.ts'
import type { Commands } from './commands.ts'
import type { ManagedProcess } from './managed-process.ts'
import type { Roster } from './roster.ts'

export interface ConfigurationParts {
  readonly config: SupervisordConfig
  /** Reads the files anew. */
  readonly load: () => LoadedFile
  readonly roster: Roster
  readonly commands: Commands
  readonly mainLog: MainLog
}

/** The configuration that was read last, and how groups of it come into force and go. */
export class Configuration {
  readonly #parts: ConfigurationParts
  #read: SupervisordConfig

  constructor(parts: ConfigurationParts) {
    this.#parts = parts
    this.#read = parts.config
  }

  get read(): SupervisordConfig {
    return this.#read
  }

  /** Raises CANT_REREAD. */
  load(): Pick<LoadedFile, 'warnings'> & { readonly config: SupervisordConfig } {
    const { config, warnings, problems } = this.#parts.load()
    if (config === null) throw new AgentError('CANT_REREAD', problems[0]?.text ?? 'the configuration is wrong')
    return { config, warnings }
  }

  /** Warnings go to the main log. Raises CANT_REREAD; then the one before stays. */
  reread(): Difference {
    const { config, warnings } = this.load()
    for (const { text } of warnings) this.#parts.mainLog.line('warn', text)
    this.#read = config
    const active = this.#parts.roster.groups().map((group) => group.config)
    return difference(active, this.#read.groups)
  }

  /** All groups. Raises what `Roster.add` raises. */
  addAll(): void {
    const priorities = stopPriorities(this.#read.groups)
    for (const group of this.#read.groups) this.#parts.roster.add(group, priorities.get(group.name))
  }

  /**
   * A group, or `group:process` of one that is there and may be resized.
   * Raises BAD_NAME, ALREADY_ADDED, and what `Roster.add` raises. @returns what is new
   */
  add(name: string): readonly ManagedProcess[] {
    const { roster } = this.#parts
    const config = this.#read.groups.find((group) => group.name === name)
    if (config === undefined) return [this.#addMember(name)]
    if (roster.has(name)) throw new AgentError('ALREADY_ADDED', name)
    return roster.add(config, this.#stopPriority(config)).processes
  }

  /** A group, or `group:process` of a program that may be resized. Raises BAD_NAME, STILL_RUNNING. */
  remove(name: string): void {
    const { roster, commands } = this.#parts
    const member = this.live(name)
    const processes = member === undefined ? roster.group(name).processes : [member]
    if (!commands.rest(processes)) throw new AgentError('STILL_RUNNING', name)
    if (member === undefined) roster.remove(name)
    else {
      roster.removeMember(member)
      this.#parts.mainLog.line('info', `removed process ${member.name} from group ${member.spec.group}`)
    }
  }

  /** The process that `group:process` means, where it may come and go by itself. */
  live(name: string): ManagedProcess | undefined {
    const { group, process } = splitNamespec(name)
    if (!name.includes(':') || process === null) return undefined
    const found = this.#parts.roster.known(namespec({ group, name: process }))
    const read = this.#read.groups.find((candidate) => candidate.name === group)?.processes ?? []
    // The key may be newer than the process.
    const isLive = [found?.config, ...read].some((one) => one?.numprocsLive && one.section === found?.config.section)
    return isLive ? found : undefined
  }

  #addMember(name: string): ManagedProcess {
    const { roster, mainLog } = this.#parts
    const { group, process } = splitNamespec(name)
    const config = this.#read.groups.find((candidate) => candidate.name === group)
    const wanted = config?.processes.find(({ spec }) => spec.name === process)
    if (config === undefined || !wanted?.numprocsLive || !name.includes(':')) throw new AgentError('BAD_NAME', name)
    if (roster.known(namespec(wanted.spec)) !== undefined) throw new AgentError('ALREADY_ADDED', name)
    if (!roster.has(group) || config.kind !== 'program') throw new AgentError('BAD_NAME', name)
    const added = roster.addMember(config, wanted, this.#stopPriority(config))
    mainLog.line('info', `added process ${added.name} to group ${group}`)
    return added
  }

  #stopPriority(config: GroupConfig): number {
    return stopPriorities(this.#read.groups).get(config.name) ?? config.priority
  }
}
