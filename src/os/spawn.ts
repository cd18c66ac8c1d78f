import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import process from 'node:process'
import { getSystemErrorName } from 'node:util'
import { AgentError, codeOf } from '../domain/errors.ts'
import { namespec, type ProgramSpec, type Signal } from '../domain/process/spec.ts'
import type { ExitStatus } from '../domain/process/state.ts'
import type { Activity, Child, ChildLine, Spawner } from '../engine/ports.ts'
import { repr } from '../wire/ini/python-text.ts'
import { plainPipes, realPipes, type ChildPipes } from './child-pipes.ts'
import { readStderr, StderrTails } from './child-stderr.ts'
import { findCommand } from './find-command.ts'
import { openLogPipes, plainLogPipes } from './log-pipes.ts'
import type { Libc } from './libc.ts'
import { asUser, withUmask, type NodeUser } from './become.ts'
import { limitChild, limitsOpenFiles, withLimits } from './child-limits.ts'
import { childOpenFiles, keepDescriptors, withOpenFiles } from './open-files.ts'
import { spawnFailure } from './own-children.ts'
import { activity } from './proc.ts'

export interface SpawnerOptions {
  /** null: plain Node pipes (sockets), no count of unread bytes, the file limit of the agent. */
  readonly libc: Libc | null
  readonly onStderrLine: (line: ChildLine) => void
  /** Takes out of a child's last lines, which everybody may see, what nobody may. */
  readonly masked?: (text: string) => string
  /** Soft limit of open files for children; absent: the one that the agent was started with. */
  readonly openFiles?: bigint
}

/** Starts children with three pipes and a process group of their own, and knows which of them live. */
export class NodeSpawner implements Spawner {
  readonly #libc: Libc | null
  readonly #openFiles: bigint
  readonly #onStderrLine: (line: ChildLine) => void
  readonly #masked: (text: string) => string
  readonly #tails = new StderrTails()
  /** Living children: pid to the inode of their stdin. */
  readonly #living = new Map<number, number | null>()

  constructor({ libc, onStderrLine, masked, openFiles }: SpawnerOptions) {
    this.#libc = libc
    this.#openFiles = libc === null ? 0n : (openFiles ?? childOpenFiles(libc))
    if (libc !== null) keepDescriptors(libc)
    this.#onStderrLine = onStderrLine
    this.#masked = masked ?? ((text) => text)
  }

  spawn(spec: ProgramSpec, onExit: (status: ExitStatus) => void, input?: number): Child {
    const file = commandFile(spec)
    if (spec.stderr !== undefined) return this.#spawnLogged(spec, file, onExit, input)
    const pipes = this.#openPipes(spec)
    const { child, pid } = this.#start(spec, file, pipes)
    const { stdin, stdinInode, stdout, stderr, stderrFd, control } = pipes.attach(child)
    const name = namespec(spec)
    const readLastWords = readStderr(stderr, stderrFd, (text, cut) => {
      this.#tails.add(name, this.#masked(text))
      this.#onStderrLine({ namespec: name, pid, text, cut })
    })
    this.#living.set(pid, stdinInode)
    child.once('exit', (code, signal) => {
      this.#living.delete(pid)
      try {
        stdin.destroy()
        readLastWords()
        control?.finish()
      } finally {
        // Also where somebody chokes on the last words.
        onExit({ code, signal })
      }
    })
    return { pid, startedAt: Date.now(), stdin, stdout, ...(control && { control }) }
  }

  #spawnLogged(
    spec: ProgramSpec,
    file: string,
    onExit: (status: ExitStatus) => void,
    input: number | undefined,
  ): Child {
    const libc = this.#libc
    const merged = spec.stderr === 'stdout'
    const pipes = libc ? attempt(spec, () => openLogPipes(libc, merged, input)) : plainLogPipes(merged, input)
    const { child, pid } = this.#start(spec, file, pipes)
    const ends = pipes.attach(child)
    const { stdin, stdout, stderr } = ends
    this.#living.set(pid, null)
    child.once('exit', (code, signal) => {
      this.#living.delete(pid)
      stdin.destroy()
      ends.finish(() => onExit({ code, signal }))
    })
    return { pid, startedAt: Date.now(), stdin, stdout, ...(stderr && { stderr }) }
  }

  kill(pid: number, signal: Signal, group: boolean): void {
    // Negative and zero targets mean whole sets of foreign processes; PID 1 is the system, or ourselves.
    if (!Number.isSafeInteger(pid) || pid < 2) throw new AgentError('FAILED', `cannot signal pid ${pid}`)
    // The group outlives its leader; the bare pid may by then belong to somebody else.
    if (!group && !this.#living.has(pid)) return
    try {
      process.kill(group ? -pid : pid, signal)
    } catch (cause) {
      const code = codeOf(cause)
      if (code === 'ESRCH') return
      if (code === 'ERR_UNKNOWN_SIGNAL') throw new AgentError('BAD_SIGNAL', signal, { cause })
      throw new AgentError('FAILED', `cannot send ${signal} to pid ${pid}: ${code}`, { cause })
    }
  }

  activity(pid: number): Activity {
    const inode = this.#living.get(pid)
    if (inode === undefined) return { cpu: null, parked: 'busy' }
    const seen = activity(pid, inode)
    // A read of a socket looks the same whether it is stdin or a database.
    return this.#libc === null ? { cpu: seen.cpu, parked: 'unknown' } : seen
  }

  stderrTail(name: string): readonly string[] {
    return this.#tails.of(name)
  }

  #openPipes(spec: ProgramSpec): ChildPipes {
    const libc = this.#libc
    const terminal = spec.stdout === 'pty'
    const control = spec.control !== undefined
    const notify = spec.control?.notify ?? false
    if (libc !== null) return attempt(spec, () => realPipes(libc, { terminal, control, notify }))
    if (notify) throw new AgentError('SPAWN_ERROR', 'CHILD_CONTROL=notify needs the native part, which did not load')
    if (terminal) throw new AgentError('SPAWN_ERROR', 'CHILD_STDOUT=pty needs the native part, which did not load')
    return plainPipes(control)
  }

  #start(
    spec: ProgramSpec,
    file: string,
    pipes: Pick<ChildPipes, 'stdio' | 'discard' | 'environment'>,
  ): { child: ChildProcess; pid: number } {
    const libc = this.#libc
    const told = { ...spec, environment: { ...spec.environment, ...pipes.environment } }
    const limited = (child: ChildProcess): ChildProcess => orKilled(child, () => limitChild(libc, child.pid ?? 0, spec))
    const start = (): ChildProcess =>
      withUmask(spec.umask, () => asUser(libc, spec.user, (ids) => limited(startProcess(told, file, pipes.stdio, ids))))
    try {
      const child = withLimits(libc, spec, () =>
        libc === null || limitsOpenFiles(spec) ? start() : withOpenFiles(libc, this.#openFiles, start),
      )
      return { child, pid: startedPid(child, spec) }
    } catch (error) {
      pipes.discard()
      throw error instanceof AgentError ? error : spawnError(spec, codeOf(error), error)
    }
  }
}

function attempt<T>(spec: ProgramSpec, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    throw cause instanceof AgentError ? cause : spawnError(spec, codeOf(cause), cause)
  }
}

/** Throws what `findCommand` throws, and SPAWN_ERROR where there is no command at all. */
export function commandFile({ command, commandProblem, directory, environment }: ProgramSpec): string {
  const [word = ''] = command
  if (commandProblem !== undefined || word === '') {
    throw new AgentError('SPAWN_ERROR', commandProblem ?? 'command is empty')
  }
  return findCommand(word, directory, environment)
}

/** A child that cannot be had as it is wanted is none. */
function orKilled(child: ChildProcess, complete: () => void): ChildProcess {
  if (child.pid === undefined) return child
  try {
    complete()
    return child
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

function startProcess(
  { command, directory, environment }: ProgramSpec,
  file: string,
  stdio: ChildPipes['stdio'],
  user: NodeUser,
): ChildProcess {
  if (directory !== undefined) checkDirectory(directory)
  const child = spawn(file, command.slice(1), {
    ...user,
    argv0: command[0],
    cwd: directory,
    env: environment,
    stdio: [...stdio],
    // A session of its own is the one way Node offers to a process group of its own; the id of both is the pid.
    detached: true,
  })
  // A failed start is told by the exception; Node tells it a second time by this event.
  child.on('error', () => undefined)
  return child
}

function startedPid(child: ChildProcess, spec: ProgramSpec): number {
  if (child.pid !== undefined) return child.pid
  const failure = spawnFailure(child)
  throw spawnError(spec, failure === undefined ? 'unknown error' : getSystemErrorName(failure))
}

/** supervisord: Subprocess.spawn, and its child's message for what only exec can tell. */
function spawnError(spec: ProgramSpec, code: string, cause?: unknown): AgentError {
  const name = repr(spec.name)
  const text =
    code === 'EMFILE' || code === 'ENFILE'
      ? `too many open files to spawn ${name}`
      : code === 'EAGAIN'
        ? `Too many processes in process table to spawn ${name}`
        : `couldn't exec ${spec.command[0] ?? ''}: ${code}`
  return new AgentError('SPAWN_ERROR', text, cause === undefined ? {} : { cause })
}

function checkDirectory(directory: string): void {
  try {
    accessSync(`${directory}/.`, constants.X_OK)
  } catch (cause) {
    throw new AgentError('SPAWN_ERROR', `couldn't chdir to ${directory}: ${codeOf(cause)}`, { cause })
  }
}
