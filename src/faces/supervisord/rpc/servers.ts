// Every HTTP server of a configuration, opened as the file says.
import type { HttpServerConfig, PluginConfig } from '../config/types.ts'
import type { Daemon } from '../daemon.ts'
import { pageRoutes } from '../page/routes.ts'
import { createDispatcher, type InterfaceOptions } from './interfaces.ts'
import { SupervisordHttpFace, type HttpLimits } from './server/http-face.ts'
import type { Route } from './server/exchange.ts'
import type { ServerLog } from './server/log.ts'
import { logRoutes } from './server/log-stream.ts'
import { rpcRoute } from './server/rpc-route.ts'

export interface ServersOptions {
  readonly servers: readonly HttpServerConfig[]
  readonly rpcInterfaces: readonly PluginConfig[]
  readonly daemon: Daemon
  readonly log: ServerLog
  /** Tests have lower ones. */
  readonly limits?: Partial<HttpLimits>
}

export interface OpenServers {
  /** Removes the sockets, answers for a moment what was asked, drops every connection. */
  close(): Promise<void>
}

/** Every path under which a daemon can be asked: XML-RPC, logs that are followed, the page. */
export const routesTo = (options: InterfaceOptions): Route[] => [
  rpcRoute(createDispatcher(options), options.log),
  ...logRoutes(options.daemon),
  ...pageRoutes(options.daemon),
]

/**
 * Opens all of them, or none: raises UNAVAILABLE, with supervisord's message as subject, for the first that cannot be.
 * supervisord: http.make_http_servers.
 */
export async function openServers(options: ServersOptions): Promise<OpenServers> {
  const { servers, rpcInterfaces, daemon, log, limits = {} } = options
  const routes = routesTo({ interfaces: rpcInterfaces, daemon, log })
  const open: SupervisordHttpFace[] = []
  const close = async (): Promise<void> => {
    await Promise.all(open.map((face) => face.close()))
  }
  for (const config of servers) {
    const face = new SupervisordHttpFace({ config, routes, log, pid: daemon.pid, limits })
    try {
      await face.open()
    } catch (error) {
      await close()
      throw error
    }
    open.push(face)
    for (const { name } of rpcInterfaces) log('info', `RPC interface '${name}' initialized`)
    if ((config.credentials?.username ?? '') === '') {
      log('critical', `Server '${config.section}' running without any HTTP authentication checking`)
    }
  }
  return { close }
}
