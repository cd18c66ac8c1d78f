// Commands that end by themselves, such as hooks and health checks: through execa, bounded in what is kept of them.
import { execa } from 'execa'
import { AgentError, systemCode } from '../domain/errors.ts'
import type { OneShot, OneShotResult, RunOneShot } from '../engine/upkeep-ports.ts'
import { asUser, withUmask } from './become.ts'
import { findCommand } from './find-command.ts'
import type { Libc } from './libc.ts'
import { childOpenFiles, withOpenFiles } from './open-files.ts'
// Before any start, so that the reaper knows whose child it is.
import './own-children.ts'

const MOST_OUTPUT = 4096
/** Its last words are in the pipe when it ends; who holds the pipe longer (a daemon it left behind) is not waited for. */
const LAST_WORDS_MS = 50

/** @param libc null: Node's own way to another user, with one group */
export const oneShots =
  (libc: Libc | null): RunOneShot =>
  async (shot, signal) => {
    try {
      return await run(libc, shot, signal)
    } catch (error) {
      if (error instanceof AgentError) return { failure: error.subject, output: '' }
      // What the system refuses, such as another user.
      const code = systemCode(error)
      if (code === null) throw error
      return { failure: `cannot be run: ${code}`, output: '' }
    }
  }

async function run(libc: Libc | null, shot: OneShot, signal: AbortSignal): Promise<OneShotResult> {
  const { command, directory, environment, umask, user } = shot
  const [word = '', ...words] = command
  const file = findCommand(word, directory, environment)
  if (signal.aborted) return { failure: 'called off', output: '' }
  const start = () =>
    withUmask(umask, () =>
      asUser(libc, user, (ids) =>
        execa(file, words, {
          ...ids,
          ...(directory !== undefined && { cwd: directory }),
          env: environment,
          extendEnv: false,
          stdin: 'ignore',
          // Read here, as much as is kept.
          buffer: false,
          reject: false,
          cancelSignal: signal,
          killSignal: 'SIGKILL',
          // It has a group of its own.
          killDescendants: true,
          // The agent's signals are its own affair.
          cleanup: false,
        }),
      ),
    )
  const child = libc === null ? start() : withOpenFiles(libc, childOpenFiles(libc), start)
  const tail = new Tail()
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Uint8Array) => tail.add(chunk))
  child.nodeChildProcess.once('exit', () => {
    const timer = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), LAST_WORDS_MS)
    timer.unref()
  })
  const { failed, exitCode, signal: by, code } = await child
  return { failure: failureOf(failed, exitCode, by, code), output: tail.text() }
}

function failureOf(
  failed: boolean,
  exitCode: number | undefined,
  signal: string | undefined,
  code: string | undefined,
): string | null {
  if (signal !== undefined) return `terminated by ${signal}`
  if (exitCode !== undefined) return exitCode === 0 ? null : `exit status ${exitCode}`
  return failed ? `cannot be run: ${code ?? 'unknown error'}` : null
}

/** The last bytes of a stream. */
class Tail {
  #bytes = Buffer.alloc(0)

  add(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-MOST_OUTPUT)
  }

  text(): string {
    return this.#bytes.toString()
  }
}
