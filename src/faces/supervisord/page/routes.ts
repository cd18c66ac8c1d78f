// The paths of the web page. supervisord: web.supervisor_ui_handler; actions happen on POST only.
import { AgentError } from '../../../domain/errors.ts'
import type { Daemon } from '../daemon.ts'
import { SUPERVISOR_VERSION } from '../versions.ts'
import type { Content, Exchange, Reply, Route } from '../rpc/server/exchange.ts'
import { readBody } from '../rpc/server/request-body.ts'
import { perform, requested, unexpected } from './actions.ts'
import { statusModel } from './model.ts'
import { confirmPage, statusPage, tailPage } from './status-view.ts'
import { styleSheet } from './style.ts'

const FORM_LIMIT = 64 * 1024

type Page = (exchange: Exchange) => Reply | Promise<Reply>

/** The pages of supervisord under their paths. */
export function pageRoutes(daemon: Daemon): Route[] {
  const pages: Readonly<Record<string, Page>> = {
    '': (exchange) => statusReply(daemon, exchange),
    'index.html': (exchange) => statusReply(daemon, exchange),
    'tail.html': (exchange) => tailReply(daemon, exchange),
    'ok.html': () => ({ type: 'text/plain', body: 'OK' }),
    'stylesheets/supervisor.css': () => ({
      type: 'text/css; charset=utf-8',
      body: styleSheet,
      headers: { ETag: `"${SUPERVISOR_VERSION}-${styleSheet.length}"`, 'Cache-Control': 'max-age=300' },
    }),
  }
  const nameOf = (path: string): string => path.replace(/^\/+/, '')
  return [
    {
      matches: (path, method) => ['GET', 'HEAD', 'POST'].includes(method) && Object.hasOwn(pages, nameOf(path)),
      answer: (exchange) => pages[nameOf(exchange.path)]?.(exchange) ?? 404,
    },
  ]
}

async function statusReply(daemon: Daemon, exchange: Exchange): Promise<Reply> {
  const { request, query } = exchange
  const fields = request.method === 'POST' ? await formFields(exchange) : query
  if (typeof fields === 'number') return fields
  if (!fields.has('action')) return page(statusPage(statusModel(daemon, fields.get('message'))))
  const wanted = requested(fields)
  if (wanted === null) return 400
  if (request.method !== 'POST' && wanted.action !== 'refresh') return page(confirmPage(wanted))
  return redirect(exchange, await perform(daemon, wanted))
}

/** Of the address and the body; the body's win. */
async function formFields({ request, query }: Exchange): Promise<URLSearchParams | number> {
  const body = await readBody(request, FORM_LIMIT)
  if (typeof body === 'number') return body
  const fields = new URLSearchParams(query)
  for (const [name, value] of new URLSearchParams(body.toString())) fields.set(name, value)
  return fields
}

// A page is made of the moment, is nobody else's frame, and loads nothing but the style sheet. Its forms need their
// Origin, which a browser withholds where no referrer may be told at all.
const pageHeaders = {
  Pragma: 'no-cache',
  'Cache-Control': 'no-cache',
  Expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Referrer-Policy': 'same-origin',
}

const page = (body: string): Content => ({ type: 'text/html;charset=utf-8', body, headers: pageHeaders })

/** Back to the page, which shows the message: by the name under which the client, or its proxy, asked for us. */
function redirect({ request }: Exchange, message: string): Content {
  const { host = '', origin } = request.headers
  const base = origin ?? (host === '' ? '' : `http://${host.replace(/:80$/, '')}`)
  const location = `${base}/?message=${quoted(message)}`
  const body = 'The action is done; see the page.\n'
  return { status: 301, type: 'text/plain', body, headers: { ...pageHeaders, Location: location } }
}

/** Python: urllib.parse.quote. */
const quoted = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')

const LEAST_TAIL = 1024
const MOST_TAIL = 8 * 1024 * 1024

/** supervisord: web.TailView. */
function tailReply(daemon: Daemon, { query }: Exchange): Content {
  const process = query.get('processname') ?? ''
  const asked = query.get('limit') ?? ''
  const limit = Math.min(MOST_TAIL, Math.max(LEAST_TAIL, /^\d+$/.test(asked) ? Number(asked) : LEAST_TAIL))
  if (process === '') return page(tailPage(null, limit, 'No process name found'))
  return page(tailPage(process, limit, tailText(daemon, process, limit)))
}

function tailText(daemon: Daemon, process: string, limit: number): string {
  try {
    return new TextDecoder().decode(daemon.readLog(process, 'stdout', -limit, 0))
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    return error.code === 'NO_FILE' ? `No file for ${process}` : `ERROR: ${unexpected(error)}`
  }
}
