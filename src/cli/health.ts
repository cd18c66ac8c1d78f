// `pidpiper health [--ready]`: for HEALTHCHECK and for people; asks the agent that runs beside it.
import { get } from 'node:http'
import { messageOf } from '../domain/errors.ts'
import type { Millis } from '../domain/time.ts'

export interface HealthQuestion {
  /** HTTP_LISTEN; null for `off`. */
  readonly listen: { readonly host: string | null; readonly port: number } | null
  /** Why HTTP_LISTEN cannot be used; then nobody is asked. */
  readonly problem?: { readonly value: string | null; readonly expected: string } | null
  /** Ask /readyz instead of /livez. */
  readonly ready: boolean
  readonly print: (line: string) => void
  readonly timeout?: Millis
}

/** Prints one line; resolves to the exit code, 0 for yes and 1 for no, for no answer, and for nobody to ask. */
export async function health({ listen, problem, ready, print, timeout = 2_000 }: HealthQuestion): Promise<number> {
  if (problem) {
    print(`not known: HTTP_LISTEN=${JSON.stringify(problem.value)} ${problem.expected}`)
    return 1
  }
  if (listen === null) {
    print('not known: HTTP_LISTEN is off; set it to an address, or take the health check away')
    return 1
  }
  const host = listen.host === null || listen.host === '0.0.0.0' || listen.host === '::' ? '127.0.0.1' : listen.host
  const path = ready ? '/readyz' : '/livez'
  try {
    const { code, body } = await ask(host, listen.port, path, timeout)
    print(said(body) ?? `${path} answered ${code} in words that are not pidpiper's`)
    return code === 200 ? 0 : 1
  } catch (error) {
    print(`no answer from ${host}:${listen.port}${path}: ${messageOf(error)}`)
    return 1
  }
}

function ask(host: string, port: number, path: string, timeout: Millis): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    request.on('error', reject)
    // For the whole exchange: a timeout of the socket would begin anew with each byte.
    setTimeout(() => request.destroy(new Error(`none within ${timeout} ms`)), timeout).unref()
  })
}

/** `status: reason; reason` of an answer of ours. */
function said(body: string): string | null {
  try {
    const { status, reasons } = JSON.parse(body) as { status?: unknown; reasons?: unknown }
    if (typeof status !== 'string') return null
    return Array.isArray(reasons) ? `${status}: ${reasons.join('; ')}` : status
  } catch {
    return null
  }
}
