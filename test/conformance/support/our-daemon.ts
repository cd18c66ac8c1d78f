import type { TestContext } from 'node:test'
import { startDaemon, type Daemon } from '../../../scripts/conformance/daemon.ts'
import { agentCommand } from '../../support/agent.ts'

const ownSections = `[supervisord]
logfile=%(here)s/main.log
pidfile=%(here)s/pid
childlogdir=%(here)s
nodaemon=true
silent=true
[unix_http_server]
file=%(here)s/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
`

/** Our supervisord with these sections besides its own; it has ended after the test. */
export async function startOurs(t: TestContext, sections: string): Promise<Daemon> {
  const daemon = await startDaemon([...agentCommand(), 'supervisord'], ownSections + sections)
  t.after(() => daemon.stop())
  return daemon
}
