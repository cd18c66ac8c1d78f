import { setImmediate as nextTurn } from 'node:timers/promises'
import { AgentError, stackOf } from '../../../domain/errors.ts'
import { arrayValue, encodeValue } from '../../../wire/xmlrpc/encode.ts'
import { isStruct, type XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import type { Dispatcher } from './dispatcher.ts'
import { fault, faultOf } from './faults.ts'
import { EncodedValue, encodeAnswer } from './method.ts'
import { isList } from './parameters.ts'

/** What one answer may grow to, in characters; further calls of it are not made. */
const MAX_ANSWER = 128 * 1024 * 1024

/** Others are served after calls that took this long, in ms. */
const SLICE = 5

/**
 * Makes the calls in order, each when the one before it is answered, and gives their results in one array.
 * supervisord: xmlrpc.SystemNamespaceRPCInterface.multicall, whose successes are bare values.
 */
export async function multicall(dispatcher: Dispatcher, calls: readonly XmlRpcValue[]): Promise<EncodedValue> {
  const results: string[] = []
  let size = 0
  let sliceStart = performance.now()
  for (const call of calls) {
    const result = size > MAX_ANSWER ? tooLarge : await one(dispatcher, call)
    results.push(result)
    size += result.length
    if (performance.now() - sliceStart < SLICE) continue
    await nextTurn()
    sliceStart = performance.now()
  }
  return new EncodedValue(arrayValue(results))
}

async function one(dispatcher: Dispatcher, call: XmlRpcValue): Promise<string> {
  try {
    const { method, params } = parsed(call)
    return encodeAnswer(await dispatcher.call(method, params))
  } catch (error) {
    // One call that breaks down must not take the others with it.
    if (!(error instanceof AgentError)) dispatcher.log('critical', `a call of a multicall failed: ${stackOf(error)}`)
    return faultStruct(error instanceof AgentError ? error : fault('FAILED', String(error)))
  }
}

function parsed(call: XmlRpcValue): { method: string; params: readonly XmlRpcValue[] } {
  if (!isStruct(call)) throw fault('INCORRECT_PARAMETERS', 'expected a struct with methodName and params')
  const { methodName: method = null, params = [] } = call
  if (method === null) throw fault('INCORRECT_PARAMETERS', 'No methodName')
  if (method === 'system.multicall') throw fault('INCORRECT_PARAMETERS', 'Recursive system.multicall forbidden')
  if (typeof method !== 'string') throw fault('INCORRECT_PARAMETERS', 'methodName must be a string')
  if (!isList(params)) throw fault('INCORRECT_PARAMETERS', 'params must be an array')
  return { method, params }
}

function faultStruct(error: AgentError): string {
  const { code, text } = faultOf(error)
  return encodeValue({ faultCode: code, faultString: text })
}

const tooLarge = faultStruct(fault('FAILED', 'the answer to this multicall is too large already'))
