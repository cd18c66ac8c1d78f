// A real daemon with files of its own, from the sources; ended with its children after the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { tempDir } from '../../../support/temp.ts'
import { waitFor } from '../../../support/wait-for.ts'

const main = resolve(import.meta.dirname, '../../../../src/main.ts')

export interface Started {
  readonly folder: string
  readonly child: ChildProcess
  /** What it wrote so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exit: Promise<number | null>
  /** The main log. */
  readonly log: () => string
  readonly file: (name: string) => string
  /** Waits for a line of the main log, after so many of the kind. */
  readonly said: (pattern: RegExp, times?: number) => Promise<RegExpMatchArray>
  readonly rewrite: (programs: string) => void
}

export interface StartOptions {
  readonly programs: string
  readonly settings?: string
  /** Words after `-c FILE`. */
  readonly words?: readonly string[]
  /** Words in front of the command. */
  readonly under?: readonly string[]
  /** Before `-c FILE`: the face, or nothing. */
  readonly face?: readonly string[]
  readonly stdin?: 'pipe' | 'ignore'
}

export function start(t: TestContext, options: StartOptions): Started {
  let end = (): Promise<unknown> => Promise.resolve()
  // Registered first, called first: a folder cannot be removed while a daemon makes files in it.
  t.after(() => end())
  const folder = tempDir(t)
  const { programs, settings = 'nodaemon=true', words = [], under = [], face = ['supervisord'] } = options
  const conf = join(folder, 'supervisord.conf')
  const rewrite = (text: string): void => {
    const own = `logfile=${folder}/main.log\npidfile=${folder}/pid\nchildlogdir=${folder}\nidentifier=t\n${settings}`
    writeFileSync(conf, `[supervisord]\n${own}\n${text.replaceAll('FOLDER', folder)}\n`)
  }
  rewrite(programs)
  const [command = '', ...rest] = [...under, process.execPath, main, ...face, '-c', conf, ...words]
  const marker = process.env['PIDPIPER_TEST_RUN']
  const env = {
    PATH: process.env['PATH'],
    HTTP_LISTEN: 'off',
    ...(marker !== undefined && { PIDPIPER_TEST_RUN: marker }),
  }
  const child = spawn(command, rest, { stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'], env, cwd: folder })
  const seen = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => (seen.stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (seen.stderr += chunk.toString()))
  const exit = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  const file = (name: string): string => {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const log = (): string => file('main.log')
  end = () => {
    // unshare does not pass a SIGTERM on, and takes its child with it when it is killed.
    if (child.exitCode === null && child.signalCode === null) child.kill(under.length > 0 ? 'SIGKILL' : 'SIGTERM')
    return exit
  }
  return {
    folder,
    child,
    stdout: () => seen.stdout,
    stderr: () => seen.stderr,
    exit,
    log,
    file,
    rewrite,
    said: async (pattern, times = 1) => {
      const look = (): RegExpMatchArray | undefined =>
        [...log().matchAll(new RegExp(pattern, `${pattern.flags}g`))][times - 1]
      try {
        return await waitFor('a line', look)
      } catch (cause) {
        throw new Error(`not ${times} times ${String(pattern)} in:\n${log()}${seen.stderr}`, { cause })
      }
    },
  }
}
