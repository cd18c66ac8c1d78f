// The container itself: memory, processes, descriptors, the health port, folders, the native part.
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import type { Config } from '../../config/config.ts'
import type { Machine } from '../../config/machine.ts'
import { memoryLimit, processesLeft } from '../../config/memory.ts'
import { codeOf } from '../../domain/errors.ts'
import { ok, problem, warning, type Finding } from '../../domain/finding.ts'
import type { Libc } from '../../os/libc.ts'

const MIB = 2 ** 20
/** What the agent uses besides its buffers. */
const AGENT_BYTES = 96 * MIB
/** The agent's own threads, and a Calculator with a few. */
const PROCESSES = 64
const FILES = 1024n

/** What an agent needs of the machine it is on: memory, processes, the native part, folders. */
export function examineMachine(config: Config, machine: Machine, libc: Libc | { readonly missing: string }): Finding[] {
  return [
    examineMemory(config.limits.bufferBytes, machine),
    examineProcesses(machine),
    examineNative(libc),
    ...examineFolder(config.stateDir),
    ...examineGrace(config),
  ]
}

/** Whether buffers of `bufferBytes` in all fit into the memory of the container. */
export function examineMemory(bufferBytes: number, machine: Machine): Finding {
  const [check, subject] = ['machine.memory', 'memory'] as const
  const limit = memoryLimit(machine)
  const buffer = `BUFFER_BYTES is ${mib(bufferBytes)}`
  if (limit === null) return ok(check, subject, `no limit; ${buffer}`)
  const seen = `limit ${mib(limit)}, ${buffer}`
  const cure = 'lower BUFFER_BYTES (or leave it unset), or raise the memory limit of the container'
  if (bufferBytes + AGENT_BYTES > limit) return problem(check, subject, `${seen}: the agent alone can exceed it`, cure)
  if (bufferBytes > limit / 2) return warning(check, subject, `${seen}: little is left for the Calculator`, cure)
  return ok(check, subject, seen)
}

/** Whether the Calculator and its threads may be started. */
export function examineProcesses(machine: Machine): Finding {
  const [check, subject] = ['machine.processes', 'processes'] as const
  const left = processesLeft(machine)
  if (left === null) return ok(check, subject, 'no limit')
  const seen = `${left} more processes and threads may be started`
  return left < PROCESSES
    ? warning(check, subject, seen, 'raise the limit of processes (pids) of the container')
    : ok(check, subject, seen)
}

function examineNative(libc: Libc | { readonly missing: string }): Finding {
  if ('missing' in libc) {
    const seen = `cannot be loaded: ${libc.missing}`
    const cure = 'put koffi.node beside the binary, and use an image with glibc; until then checkpoints are assumed'
    return warning('machine.native', 'native part', seen, cure)
  }
  const { hard } = libc.openFiles(0)
  return hard < FILES
    ? warning(
        'machine.files',
        'open files',
        `at most ${hard}`,
        'raise the hard limit of open files (nofile) to 1024 at least',
      )
    : ok('machine.files', 'open files', `at most ${hard}`)
}

/** Where it is not there yet, the folder in which it would be made. */
function examineFolder(stateDir: string | null): Finding[] {
  if (stateDir === null) return []
  const [check, subject] = ['machine.state-dir', `STATE_DIR ${stateDir}`] as const
  let folder = stateDir
  while (folder !== '/' && !existsSync(folder)) folder = dirname(folder)
  const why = obstacleIn(folder)
  if (why === null) return [ok(check, subject, folder === stateDir ? 'can be written' : `can be made in ${folder}`)]
  const cure = 'mount a volume there that this user may write to, or leave STATE_DIR unset'
  return [problem(check, subject, `cannot be written: ${folder} ${why}`, cure)]
}

function obstacleIn(folder: string): string | null {
  if (!statSync(folder).isDirectory()) return 'is no folder'
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    return `refuses this user (${codeOf(error)})`
  }
}

/** A member that drains longer than its session lasts is thrown out of the group in the midst of it. */
function examineGrace({ kafka, adoptionGraceMs }: Config): Finding[] {
  if (kafka === null || adoptionGraceMs < kafka.sessionTimeoutMs) return []
  const seen = `ADOPTION_GRACEPERIOD is ${adoptionGraceMs / 1000} s, KAFKA_SESSION_TIMEOUT ${kafka.sessionTimeoutMs / 1000} s`
  return [warning('machine.grace', 'grace period', seen, 'raise KAFKA_SESSION_TIMEOUT above ADOPTION_GRACEPERIOD')]
}

/** Whether the agent could listen on HTTP_LISTEN now. */
export async function examinePort(http: Config['http']): Promise<Finding[]> {
  if (http === null) return [ok('machine.http', 'HTTP_LISTEN', 'off')]
  const { host, port } = http
  const [check, subject] = ['machine.http', `HTTP_LISTEN ${host ?? ''}:${port}`] as const
  const server = createServer()
  try {
    server.listen({ port, ...(host !== null && { host }) })
    await once(server, 'listening')
    return [ok(check, subject, 'free')]
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EADDRINUSE' && (await isAgent(host ?? '127.0.0.1', port)))
      return [ok(check, subject, 'in use by an agent that runs')]
    const cure =
      code === 'EACCES' ? 'choose a port from 1024 on' : 'end what listens there, or set HTTP_LISTEN to another address'
    return [problem(check, subject, `cannot be used (${code})`, cure)]
  } finally {
    server.close()
  }
}

async function isAgent(host: string, port: number): Promise<boolean> {
  const name = host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host
  try {
    const response = await fetch(`http://${name.includes(':') ? `[${name}]` : name}:${port}/status`, {
      signal: AbortSignal.timeout(2_000),
    })
    const status: unknown = await response.json()
    return typeof status === 'object' && status !== null && 'agent' in status && 'processes' in status
  } catch {
    // Whatever listens there does not answer as an agent does, or not in time.
    return false
  }
}

const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`
