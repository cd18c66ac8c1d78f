import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { asProcesses } from '../../../../src/faces/supervisord/ctl/answers.ts'
import { connect } from '../../../../src/faces/supervisord/ctl/server.ts'
import type { XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'
import { waitFor } from '../../../support/wait-for.ts'
import type { Started } from './started.ts'

/** Sections that let a test ask the daemon. */
export const asking = `
[unix_http_server]
file=FOLDER/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
`

export interface Asked {
  readonly call: (method: string, ...params: readonly XmlRpcValue[]) => Promise<XmlRpcValue>
  /** How many processes are in each state. */
  readonly states: () => Promise<Record<string, number>>
}

/** Calls to a daemon whose file has `asking`, which answers by now. */
export async function ask(t: TestContext, { folder }: Started): Promise<Asked> {
  const server = connect({ serverurl: `unix://${join(folder, 'sock')}`, username: null, password: null })
  t.after(() => server.close())
  const call = (method: string, ...params: readonly XmlRpcValue[]): Promise<XmlRpcValue> =>
    server.call(`supervisor.${method}`, params)
  await waitFor('the daemon to answer', () => call('getState'), { timeout: 30_000 })
  return {
    call,
    async states() {
      const counts: Record<string, number> = {}
      for (const { statename } of asProcesses(await call('getAllProcessInfo'))) {
        counts[statename] = (counts[statename] ?? 0) + 1
      }
      return counts
    },
  }
}
