// A supervisord with a folder of its own, whichever program it is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../test/support/ports.ts'
import { connect, type Server } from '../../src/faces/supervisord/ctl/server.ts'

/** A program and its first words; `-n -c FILE` follows. */
export type DaemonCommand = readonly [string, ...string[]]

export const realDaemon: DaemonCommand = ['/usr/bin/supervisord']

export interface Daemon {
  readonly folder: string
  readonly config: string
  readonly server: Server
  readonly pid: number
  /** Free when the daemon was started; the file knows it as `%(ENV_PORT)s`. */
  readonly port: number
  /** What it has said besides its logs. */
  output(): string
  stop(): Promise<void>
}

const ownConfig = (): string => readFileSync(resolve(import.meta.dirname, 'supervisord.conf'), 'utf8')

/** @param config the text of the file; its unix server is `%(here)s/sock`, without a password */
export async function startDaemon([file, ...first]: DaemonCommand, config = ownConfig()): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'pidpiper-conformance-'))
  mkdirSync(join(folder, 'conf.d'))
  const copy = join(folder, 'supervisord.conf')
  writeFileSync(copy, config)
  const port = await freePort()
  const child = spawn(file, [...first, '-n', '-c', copy], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      PORT: String(port),
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'exit')
  const server = connect({ serverurl: `unix://${folder}/sock`, username: null, password: null })
  const daemon = {
    folder,
    config: copy,
    server,
    pid: child.pid ?? 0,
    port,
    output: () => output,
    async stop() {
      server.close()
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        const patience = setTimeout(() => child.kill('SIGKILL'), 20_000)
        await ended
        clearTimeout(patience)
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  for (let tries = 0; ; tries++) {
    try {
      await server.call('supervisor.getState', [])
      return daemon
    } catch (error) {
      if (child.exitCode !== null || tries === 500) {
        await daemon.stop()
        throw new Error(`${file} does not answer: ${output}`, { cause: error })
      }
      await pause(20)
    }
  }
}
