// Servers of a configuration in front of a fake daemon.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { loadSupervisordConfig } from '../../../src/faces/supervisord/config/load.ts'
import { nodeMachine } from '../../../src/faces/supervisord/config/node-machine.ts'
import type { SupervisordConfig } from '../../../src/faces/supervisord/config/types.ts'
import { openServers, type ServersOptions } from '../../../src/faces/supervisord/rpc/servers.ts'
import { freePort } from '../../support/ports.ts'
import { tempDir } from '../../support/temp.ts'
import { FakeDaemon } from './fake-daemon.ts'

const programs = `
[supervisord]
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command=cat
[program:missing]
command=/no/such/binary
[program:crashes]
command=false
[program:multi]
command=cat
numprocs=2
process_name=%(program_name)s_%(process_num)02d
`

export function configOf(t: TestContext, text = ''): SupervisordConfig {
  const folder = tempDir(t)
  const file = join(folder, 'supervisord.conf')
  writeFileSync(file, programs + text)
  const machine = nodeMachine({ environment: {}, cwd: folder, uid: process.getuid?.() ?? 0 })
  const { config, problems } = loadSupervisordConfig({ file, machine })
  if (config === null) throw new Error(problems.map((problem) => problem.text).join('\n'))
  return config
}

export interface Serving {
  readonly daemon: FakeDaemon
  readonly port: number
  readonly url: string
  /** Path of the unix socket. */
  readonly socket: string
  readonly log: string[]
}

/** A TCP server and a unix socket; `more` goes into both sections. */
export async function serve(t: TestContext, more = '', options: Partial<ServersOptions> = {}): Promise<Serving> {
  const port = await freePort()
  const socket = join(tempDir(t), 'supervisor.sock')
  const sections = `[inet_http_server]\nport=127.0.0.1:${port}\n${more}[unix_http_server]\nfile=${socket}\n${more}`
  const config = configOf(t, sections)
  const daemon = new FakeDaemon(config)
  const log: string[] = []
  const { servers, rpcInterfaces } = config
  const record = (level: string, text: string): void => void log.push(`${level} ${text}`)
  const open = await openServers({ servers, rpcInterfaces, daemon, log: record, ...options })
  t.after(() => open.close())
  return { daemon, port, url: `http://127.0.0.1:${port}`, socket, log }
}
