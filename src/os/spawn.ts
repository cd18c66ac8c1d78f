// Starts children with three pipes and a process group of their own, and knows which of them live.
import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import process from 'node:process'
import { getSystemErrorName } from 'node:util'
import { AgentError } from '../domain/errors.ts'
import { namespec, type ProgramSpec, type Signal } from '../domain/process/spec.ts'
import type { ExitStatus } from '../domain/process/state.ts'
import type { Activity, Child, Spawner, StderrLine } from '../engine/ports.ts'
import { plainPipes, realPipes, type ChildPipes } from './child-pipes.ts'
import { readStderr, StderrTails } from './child-stderr.ts'
import { findCommand, quoted } from './find-command.ts'
import type { Libc } from './libc.ts'
import { childOpenFiles, keepDescriptors, withOpenFiles } from './open-files.ts'
import { spawnFailure } from './own-children.ts'
import { activity } from './proc.ts'

export interface SpawnerOptions {
  /** null: plain Node pipes (sockets), no count of unread bytes, the file limit of the agent. */
  readonly libc: Libc | null
  readonly onStderrLine: (line: StderrLine) => void
}

export class NodeSpawner implements Spawner {
  readonly #libc: Libc | null
  readonly #openFiles: bigint
  readonly #onStderrLine: (line: StderrLine) => void
  readonly #tails = new StderrTails()
  /** Living children: pid to the inode of their stdin. */
  readonly #living = new Map<number, number | null>()

  constructor({ libc, onStderrLine }: SpawnerOptions) {
    this.#libc = libc
    this.#openFiles = libc === null ? 0n : childOpenFiles(libc)
    if (libc !== null) keepDescriptors(libc)
    this.#onStderrLine = onStderrLine
  }

  spawn(spec: ProgramSpec, onExit: (status: ExitStatus) => void): Child {
    const [word, ...args] = spec.command
    if (word === undefined || word === '') throw new AgentError('SPAWN_ERROR', 'command is empty')
    const file = findCommand(word, spec.directory, spec.environment)
    if (spec.directory !== undefined) checkDirectory(spec.directory)
    const pipes = this.#openPipes(spec)
    const { child, pid } = this.#start(spec, file, args, pipes)
    const { stdin, stdinInode, stdout, stderr, stderrFd } = pipes.attach(child)
    const name = namespec(spec)
    const readLastWords = readStderr(stderr, stderrFd, (text, cut) => {
      this.#tails.add(name, text)
      this.#onStderrLine({ namespec: name, pid, text, cut })
    })
    this.#living.set(pid, stdinInode)
    child.once('exit', (code, signal) => {
      this.#living.delete(pid)
      stdin.destroy()
      readLastWords()
      onExit({ code, signal })
    })
    return { pid, startedAt: Date.now(), stdin, stdout }
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
    if (this.#libc === null) return plainPipes
    try {
      return realPipes(this.#libc)
    } catch (cause) {
      throw spawnError(spec, codeOf(cause), cause)
    }
  }

  #start(
    spec: ProgramSpec,
    file: string,
    args: readonly string[],
    pipes: ChildPipes,
  ): { child: ChildProcess; pid: number } {
    const start = (): ChildProcess => withUmask(spec.umask, () => startProcess(spec, file, args, pipes.stdio))
    try {
      const child = this.#libc === null ? start() : withOpenFiles(this.#libc, this.#openFiles, pipes.highestFd, start)
      return { child, pid: startedPid(child, spec) }
    } catch (error) {
      pipes.discard()
      throw error instanceof AgentError ? error : spawnError(spec, codeOf(error), error)
    }
  }
}

function startProcess(
  { command, directory, environment }: ProgramSpec,
  file: string,
  args: readonly string[],
  stdio: ChildPipes['stdio'],
): ChildProcess {
  const child = spawn(file, args, {
    argv0: command[0],
    cwd: directory,
    env: environment,
    stdio: typeof stdio === 'string' ? stdio : [...stdio],
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
  const name = quoted(spec.name)
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

function withUmask<T>(umask: number | undefined, start: () => T): T {
  if (umask === undefined) return start()
  const own = process.umask(umask)
  try {
    return start()
  } finally {
    process.umask(own)
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)
