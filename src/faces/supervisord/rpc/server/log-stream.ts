// `/logtail/NAME[/CHANNEL]` and `/mainlogtail`: the end of a log, and then what is added to it, for as long as the client
// stays. supervisord: http.logtail_handler, http.tail_f_producer.
import type { ServerResponse } from 'node:http'
import { AgentError } from '../../../../domain/errors.ts'
import type { Daemon, LogChannel, LogFollower } from '../../daemon.ts'
import type { Exchange, Reply, Route } from './exchange.ts'

/** `/logtail/NAME/CHANNEL` and `/mainlogtail`: logs as they grow, until the client goes. */
export function logRoutes(daemon: Daemon): Route[] {
  return [
    {
      matches: (path) => path.startsWith('/logtail'),
      answer: (exchange) => stream(exchange, () => followProcess(daemon, exchange.path), { 'X-Accel-Buffering': 'no' }),
    },
    {
      matches: (path) => path.startsWith('/mainlogtail'),
      answer: (exchange) => stream(exchange, () => daemon.followMainLog(), {}),
    },
  ]
}

/** Null: the path names no log. */
function followProcess(daemon: Daemon, path: string): LogFollower | null {
  const [prefix, name = '', channel = 'stdout', ...rest] = path.slice(1).split('/')
  if (prefix !== 'logtail' || !isChannel(channel) || rest.length > 0) return null
  return daemon.followLog(name, channel)
}

const isChannel = (name: string): name is LogChannel => name === 'stdout' || name === 'stderr'

async function stream(
  { request, response }: Exchange,
  follow: () => LogFollower | null,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  if (request.method !== 'GET') return 400
  const follower = opened(follow)
  if (follower === null) return 404
  response.on('close', () => follower.close())
  try {
    // Without a length Node sends it in chunks.
    response.writeHead(200, {
      'Content-Type': 'text/plain;charset=utf-8',
      'Last-Modified': new Date(follower.modifiedAt).toUTCString(),
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    response.flushHeaders()
    for (let bytes = await follower.next(); bytes !== null && !response.destroyed; bytes = await follower.next()) {
      if (bytes.length > 0 && !response.write(bytes)) await drained(response)
    }
  } finally {
    follower.close()
    response.end()
  }
  return null
}

/** No process or no log of that name is an ordinary thing: the next configuration may have it. */
function opened(follow: () => LogFollower | null): LogFollower | null {
  try {
    return follow()
  } catch (error) {
    if (error instanceof AgentError) return null
    throw error
  }
}

/** Until the client has read, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const end = (): void => {
    response.off('drain', end)
    response.off('close', end)
    resolve(undefined)
  }
  response.on('drain', end)
  response.on('close', end)
  if (response.destroyed) end()
  return promise
}
