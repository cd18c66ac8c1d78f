// One request and the forms that its answer may have.
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Without the query; percent signs decoded. */
  readonly path: string
  readonly query: URLSearchParams
}

export interface Content {
  readonly status?: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What to answer: content, the status of an error, or null where the route has written the answer itself. */
export type Reply = Content | number | null

/** Whoever matches first answers; an error that it throws, or rejects with, is a 500. */
export interface Route {
  matches(path: string, method: string): boolean
  answer(exchange: Exchange): Reply | Promise<Reply>
}

/** Sends a reply at once. Node leaves the body out of the answer to HEAD. */
export function send({ request, response }: Exchange, reply: Content | number): void {
  const { status = 200, type, body, headers = {} } = typeof reply === 'number' ? errorContent(reply) : reply
  const bytes = Buffer.from(body)
  // What was not read of the request must not be taken for the next one.
  if (!request.complete) response.setHeader('Connection', 'close')
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  })
  response.end(bytes)
}

/** A small page that says which error it is. */
export const errorContent = (status: number): Content => ({
  status,
  type: 'text/html; charset=utf-8',
  body:
    '<!DOCTYPE html>\n<html lang="en">\n<head><title>Error response</title></head>\n<body>\n<h1>Error response</h1>\n' +
    `<p>Error code ${status}.</p>\n<p>Message: ${STATUS_CODES[status] ?? ''}.</p>\n</body>\n</html>\n`,
})

/** A request with its path and query apart. */
export function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const [path = '', query = ''] = splitOnce(request.url ?? '', '?')
  return { request, response, path: decodedPath(path), query: new URLSearchParams(query) }
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** As it is where percent signs are not followed by UTF-8: then it is the name of nothing. */
function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** By the first route that matches. */
export function replyOf(exchange: Exchange, routes: readonly Route[]): Reply | Promise<Reply> {
  const { path, request } = exchange
  const method = request.method ?? ''
  const route = routes.find((candidate) => candidate.matches(path, method))
  if (route !== undefined) return route.answer(exchange)
  return method === 'GET' || method === 'HEAD' ? 404 : 400
}
