// `POST /RPC2`. supervisord: xmlrpc.supervisor_xmlrpc_handler.
import { AgentError } from '../../../../domain/errors.ts'
import { decodeCall } from '../../../../wire/xmlrpc/decode.ts'
import { encodeFault, encodeResponseOf } from '../../../../wire/xmlrpc/encode.ts'
import { callLimits, type XmlLimits } from '../../../../wire/xmlrpc/guard.ts'
import { XmlRpcError } from '../../../../wire/xmlrpc/problem.ts'
import type { XmlRpcCall } from '../../../../wire/xmlrpc/values.ts'
import type { Dispatcher } from '../dispatcher.ts'
import { faultOf } from '../faults.ts'
import { encodeAnswer } from '../method.ts'
import type { Route } from './exchange.ts'
import { shown, type ServerLog } from './log.ts'
import { readBody } from './request-body.ts'

/** `/RPC2`: a call of XML-RPC and its answer; 400 for what is none, 413 for one that is too large. */
export function rpcRoute(dispatcher: Dispatcher, log: ServerLog, limits: XmlLimits = callLimits): Route {
  return {
    matches: (path) => path.startsWith('/RPC2'),
    async answer({ request }) {
      if (request.method !== 'POST') return 400
      const body = await readBody(request, limits.size)
      if (typeof body === 'number') return body
      const call = decoded(body, limits, log)
      return call === null ? 400 : { type: 'text/xml', body: await answerTo(call, dispatcher, log) }
    },
  }
}

function decoded(body: Uint8Array, limits: XmlLimits, log: ServerLog): XmlRpcCall | null {
  try {
    return decodeCall(body, limits)
  } catch (error) {
    if (!(error instanceof XmlRpcError)) throw error
    log('error', `XML-RPC request data is invalid: ${shown(error.message)}`)
    return null
  }
}

async function answerTo({ method, params }: XmlRpcCall, dispatcher: Dispatcher, log: ServerLog): Promise<string> {
  const name = shown(method)
  log('trace', `XML-RPC method called: ${name}()`)
  try {
    const xml = encodeResponseOf(encodeAnswer(await dispatcher.call(method, params)))
    log('trace', `XML-RPC method ${name}() returned successfully`)
    return xml
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    const { code, text } = faultOf(error)
    log('trace', `XML-RPC method ${name}() returned fault: [${code}] ${shown(text)}`)
    return encodeFault(code, text)
  }
}
