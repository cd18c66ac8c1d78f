// What the buttons do, and the sentence that each leaves behind. supervisord: web.StatusView.make_callback.
import { AgentError, type ErrorCode } from '../../../domain/errors.ts'
import type { Daemon } from '../daemon.ts'
import { splitNamespec } from '../namespec.ts'
import { faultOf } from '../rpc/faults.ts'
import { longTime } from '../rpc/python-time.ts'

export type ProcessAction = 'start' | 'stop' | 'restart' | 'clearlog'
export type GlobalAction = 'refresh' | 'restartall' | 'stopall'

/** What a button says. */
export const labels = {
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  clearlog: 'Clear Log',
  refresh: 'Refresh',
  restartall: 'Restart All',
  stopall: 'Stop All',
} as const satisfies Record<ProcessAction | GlobalAction, string>

/** An action that a form or a link asked for. */
export type Request =
  | { readonly action: GlobalAction; readonly process: null }
  | { readonly action: ProcessAction; readonly process: string }

/** Null: there is no such action, or it needs a process and has none. */
export function requested(fields: URLSearchParams): Request | null {
  const action = fields.get('action') ?? ''
  if (action === 'refresh' || action === 'restartall' || action === 'stopall') return { action, process: null }
  const process = fields.get('processname') ?? ''
  if (process === '') return null
  const isKnown = action === 'start' || action === 'stop' || action === 'restart' || action === 'clearlog'
  return isKnown ? { action, process } : null
}

/** Performs it to the end, and gives what to tell; faults are told too. */
export async function perform(daemon: Daemon, request: Request): Promise<string> {
  try {
    if (request.process === null) return await performForAll(daemon, request.action)
    if (!exists(daemon, request.process)) return `No such process named ${request.process}`
    return await performForOne(daemon, request.action, request.process)
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    return request.action === 'start' ? `ERROR: Process ${request.process}: ${startError(error)}` : unexpected(error)
  }
}

async function performForAll(daemon: Daemon, action: GlobalAction): Promise<string> {
  const wait = { wait: true }
  if (action === 'refresh') return `Page refreshed at ${longTime(daemon.now())}`
  await daemon.stopAll(wait)
  if (action === 'stopall') return `All stopped at ${longTime(daemon.now())}`
  await daemon.startAll(wait)
  return `All restarted at ${longTime(daemon.now())}`
}

async function performForOne(daemon: Daemon, action: ProcessAction, name: string): Promise<string> {
  const wait = { wait: true }
  switch (action) {
    case 'start':
      await daemon.startProcess(name, wait)
      return `Process ${name} started`
    case 'stop':
      await daemon.stopProcess(name, wait)
      return `Process ${name} stopped`
    case 'restart':
      await whateverItSays(daemon.stopProcess(name, wait))
      await whateverItSays(daemon.startProcess(name, wait))
      return `Process ${name} restarted`
    case 'clearlog':
      daemon.clearLogs(name)
      return `Log for ${name} cleared`
  }
}

/** supervisord tells nothing of a restart's faults; the table shows how it went. */
async function whateverItSays(command: Promise<void>): Promise<void> {
  try {
    await command
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
  }
}

function exists(daemon: Daemon, name: string): boolean {
  const { group, process } = splitNamespec(name)
  const members = daemon.groups().find((candidate) => candidate.name === group)?.processes ?? []
  return process !== null && members.includes(process)
}

const startErrors: ReadonlyMap<ErrorCode, string> = new Map([
  ['NO_FILE', 'no such file'],
  ['NOT_EXECUTABLE', 'file not executable'],
  ['ALREADY_STARTED', 'already started'],
  ['SPAWN_ERROR', 'spawn error'],
  ['ABNORMAL_TERMINATION', 'abnormal termination'],
])

const startError = (error: AgentError): string => startErrors.get(error.code) ?? unexpected(error)

/** The sentence for a refusal that has none of its own. */
export function unexpected(error: AgentError): string {
  const { code, text } = faultOf(error)
  return `unexpected rpc fault [${code}] ${text}`
}
