// The HTTP edge of the client: questions by XML-RPC, and logs that are followed. Over TCP or a unix socket.
import { Buffer } from 'node:buffer'
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http'
import { decodeResponse } from '../../../wire/xmlrpc/decode.ts'
import { encodeCall } from '../../../wire/xmlrpc/encode.ts'
import { XmlRpcError } from '../../../wire/xmlrpc/problem.ts'
import type { XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { BadAnswer, HttpRefusal, RpcFault } from './faults.ts'

/** Where the server is, and who asks. */
export interface Target {
  /** `http://host:port` or `unix:///path`. */
  readonly serverurl: string
  readonly username: string | null
  readonly password: string | null
}

/** What commands ask for; the tests have one that no socket stands behind. */
export interface Server {
  /** Raises RpcFault, HttpRefusal, BadAnswer, or the system's error. No time limit: a start may take as long as it takes. */
  call(method: string, params: readonly XmlRpcValue[]): Promise<XmlRpcValue>
  /**
   * Hands over the bytes of a log as they come, until `signal` aborts or the server ends the answer. Raises HttpRefusal,
   * or the system's error.
   */
  follow(path: string, take: (bytes: Uint8Array) => void, signal: AbortSignal): Promise<void>
  close(): void
}

/** Answers that do not fit are an error: a log of this size is not for a terminal. */
const MAX_ANSWER = 256 * 1024 * 1024
/** Calls under way at the same time, for `start web*`. */
const CONNECTIONS = 16

/** @throws Error for a url of another kind */
export function connect(target: Target): Server {
  const place = placeOf(target.serverurl)
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const login = authorization(target)
  const base: RequestOptions = { ...place, agent, headers: login }
  return {
    async call(method, params) {
      const body = Buffer.from(encodeCall(method, params))
      const headers = { ...login, 'Content-Type': 'text/xml', 'Content-Length': body.length }
      const answer = await send({ ...base, method: 'POST', path: '/RPC2', headers }, body)
      return resultOf(await bodyOf(answer))
    },
    async follow(path, take, signal) {
      const answer = await send({ ...base, path: encodeURI(path), signal })
      for await (const chunk of answer) take(chunk as Buffer)
    },
    close: () => agent.destroy(),
  }
}

function placeOf(serverurl: string): RequestOptions {
  if (serverurl.startsWith('unix://')) return { socketPath: serverurl.slice('unix://'.length), host: 'localhost' }
  if (!serverurl.startsWith('http://')) throw new Error(`Unknown protocol for serverurl ${serverurl}`)
  const { hostname, port } = new URL(serverurl)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port) }
}

function authorization({ username, password }: Target): Record<string, string> {
  if (username === null || password === null) return {}
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** Resolves with an answer of status 200. */
function send(options: RequestOptions, body?: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const question = request(options, (answer) => {
      if (answer.statusCode === 200) {
        resolve(answer)
        return
      }
      answer.resume()
      reject(new HttpRefusal(answer.statusCode ?? 0, answer.statusMessage ?? ''))
    })
    question.on('error', reject)
    question.end(body)
  })
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > MAX_ANSWER) throw new BadAnswer(`an answer of more than ${MAX_ANSWER} bytes`)
  }
  return Buffer.concat(chunks, size)
}

function resultOf(body: Uint8Array): XmlRpcValue {
  try {
    const answer = decodeResponse(body)
    if (answer.kind === 'fault') throw new RpcFault(answer.code, answer.text)
    return answer.value
  } catch (error) {
    if (error instanceof XmlRpcError) throw new BadAnswer(error.message, { cause: error })
    throw error
  }
}
