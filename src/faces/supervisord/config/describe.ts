// `pidpiper check -c`: a loaded configuration for a person, and what in it will not work on this machine.
import { dirname, resolve } from 'node:path'
import { namespec } from '../../../domain/process/spec.ts'
import type { Place } from '../../../wire/ini.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import type { Machine } from './machine.ts'
import { closedFolder, may, personOf } from './permissions.ts'
import type { HttpServerConfig, Notice, ProcessConfig, SupervisordConfig } from './types.ts'

export interface DescriptionRow {
  /** A group's name, or `supervisord`. */
  readonly group: string
  readonly name: string
  readonly value: string
  /** `file:line`. */
  readonly origin: string
  /** What differs from what is usual; may be empty. */
  readonly note: string
}

export interface Description {
  readonly rows: readonly DescriptionRow[]
  /** Folders that are missing or closed to a user, commands that are not there; none of it keeps the agent from starting. */
  readonly findings: readonly Notice[]
}

/** Passwords are never in it; a command is shown as it is. */
export function describeConfig(config: SupervisordConfig, machine: Machine): Description {
  const processes = config.groups.flatMap((group) => group.processes)
  const { settings, file } = config
  const own = [
    ['logfile', settings.logfile],
    ['pidfile', settings.pidfile],
    ['childlogdir', settings.childlogdir],
    ...(settings.user === null ? [] : [['user', settings.user.name]]),
    ...config.includedFiles.map((included) => ['include', included]),
    ...config.servers.map((server) => [server.section, addressOf(server)]),
  ]
  const rows = own.map(([name = '', value = '']) => ({ group: 'supervisord', name, value, origin: file, note: '' }))
  return {
    rows: [...rows, ...processes.map(processRow)],
    findings: [
      ...config.servers.flatMap((server) => socketFindings(server, config, machine)),
      ...once(processes.flatMap((process) => processFindings(process, config, machine))),
    ],
  }
}

const addressOf = (server: HttpServerConfig): string =>
  server.family === 'unix' ? `unix://${server.file}` : `http://${server.host === '' ? '*' : server.host}:${server.port}`

export const placeText = ({ file, line }: Place): string => `${file}:${line}`

function processRow(process: ProcessConfig): DescriptionRow {
  const { spec, user } = process
  const notes = [
    ...(process.kind === 'program' ? [] : [process.kind]),
    ...(process.autostart ? [] : ['autostart=false']),
    ...(user === null ? [] : [`user=${user.name}`]),
    ...(process.upkeep.health === null ? [] : [`checked by ${process.upkeep.health.probe.kind}`]),
    ...Object.keys(process.upkeep.hooks.commands),
    ...(process.dependsOn.length === 0 ? [] : [`after ${process.dependsOn.join(', ')}`]),
  ]
  const origin = placeText(process.place)
  return { group: spec.group, name: namespec(spec), value: process.command, origin, note: notes.join(', ') }
}

/** Processes of one program differ in little: each text and place is told once. */
function once(notices: readonly Notice[]): Notice[] {
  const key = ({ text, place }: Notice): string => `${place === null ? '' : placeText(place)} ${text}`
  return [...new Map(notices.map((notice) => [key(notice), notice])).values()]
}

function processFindings(process: ProcessConfig, config: SupervisordConfig, machine: Machine): Notice[] {
  const texts = [
    ...userFindings(process, config, machine),
    ...directoryFindings(process, config, machine),
    ...commandFindings(process, config, machine),
    ...helperFindings(process, machine),
    ...logFindings(process, config, machine),
  ]
  return texts.map((text) => ({ text: `[${process.section}] ${text}`, place: process.place }))
}

/** Only root can become somebody else. */
function userFindings({ user }: ProcessConfig, { settings }: SupervisordConfig, machine: Machine): string[] {
  const agent = settings.user?.uid ?? machine.uid
  if (user === null || agent === 0 || agent === user.uid) return []
  return [`user=${user.name} needs an agent that runs as root, and it runs as uid ${agent}`]
}

const personFor = (process: ProcessConfig, { settings }: SupervisordConfig, machine: Machine) =>
  personOf(process.user ?? settings.user, machine)

function directoryFindings(process: ProcessConfig, config: SupervisordConfig, machine: Machine): string[] {
  const { directory } = process.spec
  if (directory === undefined) return []
  const path = resolve(machine.cwd, directory)
  const facts = machine.look(path)
  if (facts === null) return [`directory ${directory} does not exist`]
  if (facts.kind !== 'folder') return [`directory ${directory} is not a folder`]
  const person = personFor(process, config, machine)
  const closed = closedFolder(person, path, machine)
  if (closed === null) return []
  return [
    `user ${person.name} cannot enter directory ${directory}${closed === path ? '' : `: ${closed} is closed to it`}`,
  ]
}

/** In the words of the spawnerr that the start would give. */
function commandFindings(process: ProcessConfig, config: SupervisordConfig, machine: Machine): string[] {
  if (process.commandProblem !== null) return [process.commandProblem]
  const program = process.spec.command[0] ?? ''
  const path = fileOf(program, process, machine)
  const facts = path === undefined ? null : machine.look(resolve(machine.cwd, path))
  if (path === undefined || facts === null) return [`can't find command ${repr(program)}`]
  if (facts.kind === 'folder') return [`command at ${repr(path)} is a directory`]
  if ((facts.mode & 0o111) === 0) return [`command at ${repr(path)} is not executable`]
  const person = personFor(process, config, machine)
  const isReachable = closedFolder(person, dirname(resolve(machine.cwd, path)), machine) === null
  return isReachable && may(person, 'enter', facts) ? [] : [`user ${person.name} may not run ${path}`]
}

/** Hooks and health checks whose command is not there: what they say would come too late. */
function helperFindings(process: ProcessConfig, machine: Machine): string[] {
  const { health, hooks } = process.upkeep
  const check = health?.probe.kind === 'command' ? [['healthcheck_command', health.probe.command] as const] : []
  return [...check, ...Object.entries(hooks.commands)].flatMap(([key, [program = '']]) =>
    fileOf(program, process, machine) === undefined ? [`${key}: can't find command ${repr(program)}`] : [],
  )
}

const fileOf = (program: string, process: ProcessConfig, machine: Machine): string | undefined =>
  candidates(program, process).find((path) => machine.look(resolve(machine.cwd, path)) !== null)

function candidates(program: string, { spec }: ProcessConfig): string[] {
  if (program.includes('/')) return [program]
  const path = spec.environment['PATH'] ?? '/bin:/usr/bin:/usr/local/bin'
  return path.split(':').map((folder) => `${folder}/${program}`)
}

/** Logs are written by the agent, not by the program's user. */
function logFindings(process: ProcessConfig, config: SupervisordConfig, machine: Machine): string[] {
  const writer = personOf(config.settings.user, machine)
  return (['stdout', 'stderr'] as const).flatMap((channel) => {
    const { logfile } = process[channel]
    if (logfile.kind !== 'file') return []
    const path = resolve(machine.cwd, logfile.path)
    const facts = machine.look(path)
    const target = facts === null ? machine.look(dirname(path)) : facts
    if (facts?.kind === 'folder') return [`${channel}_logfile ${logfile.path} is a folder`]
    const isWritable = target !== null && may(writer, 'write', target)
    return isWritable ? [] : [`user ${writer.name} cannot write ${channel}_logfile ${logfile.path}`]
  })
}

function socketFindings(server: HttpServerConfig, { settings }: SupervisordConfig, machine: Machine): Notice[] {
  if (server.family === 'inet') return []
  const folder = dirname(server.file)
  const facts = machine.look(folder)
  const agent = personOf(settings.user, machine)
  const text =
    facts?.kind !== 'folder'
      ? `the folder of file ${server.file} does not exist`
      : may(agent, 'write', facts)
        ? null
        : `user ${agent.name} cannot make file ${server.file}`
  return text === null ? [] : [{ text: `[${server.section}] ${text}`, place: null }]
}
