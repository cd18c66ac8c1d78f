import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { getSystemErrorMap } from 'node:util'
import { AgentError, codeOf, messageOf } from '../../../../domain/errors.ts'
import type { HttpServerConfig } from '../../config/types.ts'
import type { ServerLog } from './log.ts'
import { listenOnUnix } from './unix-socket.ts'

/** Where a server listens, for a log line. */
const addressOf = (config: HttpServerConfig): string =>
  config.family === 'unix' ? config.file : `${config.host || '*'}:${config.port}`

/**
 * Opens a server where the configuration says, and gives what to do after it was closed. Raises UNAVAILABLE in
 * supervisord's words (ServerOptions.openhttpservers); the log says which server and why.
 */
export async function listen(
  server: Server,
  config: HttpServerConfig,
  context: { readonly pid: number; readonly log: ServerLog },
): Promise<() => void> {
  try {
    if (config.family === 'unix') return await listenOnUnix(server, config, context)
    await listenOnInet(server, config)
    return () => undefined
  } catch (cause) {
    if (server.listening) server.close()
    context.log('critical', `cannot open the server [${config.section}] on ${addressOf(config)}: ${reasonOf(cause)}`)
    throw cause instanceof AgentError ? cause : new AgentError('UNAVAILABLE', inSupervisordsWords(cause), { cause })
  }
}

/** IPv4 only, as supervisord; an address of IPv6 in brackets is taken as it is. */
async function listenOnInet(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1]
  const address = bracketed ?? (host === '' ? '0.0.0.0' : (await lookup(host, { family: 4 })).address)
  server.listen({ host: address, port })
  await once(server, 'listening')
}

function inSupervisordsWords(cause: unknown): string {
  const code = codeOf(cause)
  if (code === 'EADDRINUSE') {
    return (
      'Another program is already listening on a port that one of our HTTP servers is configured to use.  ' +
      'Shut this program down first before starting supervisord.'
    )
  }
  const number = [...getSystemErrorMap()].find(([, [name]]) => name === code)?.[0]
  const reported = number === undefined ? String(cause) : `errno.${code} (${-number})`
  return `Cannot open an HTTP server: socket.error reported ${reported}`
}

/** For the log, where the class of an error says nothing. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AgentError) return cause.subject
  return messageOf(cause)
}
