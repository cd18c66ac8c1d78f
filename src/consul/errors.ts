// Errors of the Consul client, made anew from status, body and message: the client's own error objects carry the whole
// request with the ACL token, so they are neither kept as cause nor logged.
import { AgentError, codeOf, systemCode } from '../domain/errors.ts'

/** A call that failed: FAILED where Consul refused it, UNAVAILABLE where trying again may help. */
export class ConsulError extends AgentError {
  /** HTTP status; null when there was no answer. */
  readonly status: number | null

  constructor(subject: string, status: number | null) {
    super(status !== null && status < 500 && status !== 429 ? 'FAILED' : 'UNAVAILABLE', subject)
    this.status = status
  }
}

/** What was tried: `cannot <action> in Consul at <address>: …`, and the ACL right that it needs, if any. */
export interface Attempt {
  readonly action: string
  readonly right: string | null
  readonly address: string
  readonly token: string | null
}

/** Turns whatever a call threw into a ConsulError without secrets. */
export function explain(thrown: unknown, attempt: Attempt): ConsulError {
  const { status, body } = answerOf(thrown)
  const reason = status === null ? brokenLink(thrown) : `${status} ${body}`.trimEnd()
  const text = `cannot ${attempt.action} in Consul at ${attempt.address}: ${reason}${cure(status, attempt)}`
  return new ConsulError(attempt.token ? text.replaceAll(attempt.token, '***') : text, status)
}

/** An idle connection that the Consul agent closed, or lost, just as it was used again. */
export const isStaleConnection = (thrown: unknown): boolean => ['ECONNRESET', 'EPIPE'].includes(codeOf(thrown))

function cure(status: number | null, { right, token }: Attempt): string {
  if (right === null || (status !== 401 && status !== 403)) return ''
  return token
    ? `; the token in CONSUL_HTTP_TOKEN must be known to Consul and have ${right}`
    : `; set CONSUL_HTTP_TOKEN to a token with ${right}`
}

/** An object whose members may be looked at. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function answerOf(thrown: unknown): { status: number | null; body: string } {
  const response = isRecord(thrown) ? thrown['response'] : undefined
  const status = isRecord(response) ? response['statusCode'] : undefined
  // A good answer that fails broke off on its way.
  if (!isRecord(response) || typeof status !== 'number' || status < 300) return { status: null, body: '' }
  const body = Buffer.isBuffer(response['body']) ? response['body'].toString() : response['body']
  const text = typeof body === 'string' ? body : ''
  return { status, body: text.replace(/\s+/g, ' ').trim().slice(0, 300) }
}

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection broken',
  EPIPE: 'connection broken',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name not found, the name server does not answer',
  EHOSTUNREACH: 'host not reachable',
  ENETUNREACH: 'network not reachable',
  ETIMEDOUT: 'no connection in time',
}

function brokenLink(thrown: unknown): string {
  const code = systemCode(thrown) ?? ''
  const message = thrown instanceof Error ? thrown.message.replace(/^(consul: )?([\w.]+: )?/, '') : ''
  return meanings[code] ?? ([message, code === '' ? '' : `(${code})`].filter(Boolean).join(' ') || 'no answer')
}
