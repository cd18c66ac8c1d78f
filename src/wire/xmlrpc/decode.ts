// XML-RPC as it comes in: calls for a server, responses for a client. Pure; every failure is an XmlRpcError with its place.
import type { XmlElement } from '@rgrove/parse-xml'
import { REPLACEMENT, NOT_IN_XML } from './characters.ts'
import { decodeValue } from './decode-value.ts'
import { elementsOf, parseDocument, textOnly, type XmlDocument } from './document.ts'
import { callLimits, responseLimits, type XmlLimits } from './guard.ts'
import { isStruct, type XmlRpcCall, type XmlRpcResponse } from './values.ts'

/**
 * A `<methodCall>`; without `<params>` it has none. Raises XmlRpcError.
 * @param source text, or its bytes in UTF-8
 */
export function decodeCall(source: string | Uint8Array, limits: XmlLimits = callLimits): XmlRpcCall {
  const document = parseDocument(source, limits)
  const { root } = document
  if (root.name !== 'methodCall') document.fail(root, 'expected <methodCall>')
  const name = child(root, 'methodName')
  const method = name === undefined ? '' : (textOnly(name) ?? '')
  if (method === '') document.fail(name ?? root, 'expected a method name in <methodName>')
  const params = child(root, 'params')
  return { method, params: params === undefined ? [] : elementsOf(params).map((param) => paramValue(document, param)) }
}

/**
 * A `<methodResponse>`, with its result or its fault. Raises XmlRpcError. Control characters that XML does not allow, and
 * bytes that are no UTF-8, come in as U+FFFD: supervisord sends those of a log as they are.
 */
export function decodeResponse(source: string | Uint8Array, limits: XmlLimits = responseLimits): XmlRpcResponse {
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
  const document = parseDocument(text.replace(NOT_IN_XML, REPLACEMENT), limits)
  const { root } = document
  if (root.name !== 'methodResponse') document.fail(root, 'expected <methodResponse>')
  const fault = child(root, 'fault')
  if (fault !== undefined) return decodeFault(document, fault)
  const params = child(root, 'params')
  const values = params === undefined ? [] : elementsOf(params)
  const [param] = values
  if (param === undefined || values.length > 1) return document.fail(params ?? root, 'expected one <param>')
  return { kind: 'result', value: paramValue(document, param) }
}

function decodeFault(document: XmlDocument, fault: XmlElement): XmlRpcResponse {
  const value = child(fault, 'value')
  const struct = value === undefined ? null : decodeValue(document, value)
  if (struct !== null && isStruct(struct)) {
    const { faultCode: code, faultString: text } = struct
    if (typeof code === 'number' && typeof text === 'string') return { kind: 'fault', code, text }
  }
  return document.fail(fault, 'expected a struct with faultCode and faultString in <fault>')
}

function paramValue(document: XmlDocument, param: XmlElement): ReturnType<typeof decodeValue> {
  const [value, ...more] = elementsOf(param)
  if (param.name !== 'param' || value?.name !== 'value' || more.length > 0) {
    return document.fail(param, 'expected <param> with one <value>')
  }
  return decodeValue(document, value)
}

const child = (element: XmlElement, name: string): XmlElement | undefined =>
  elementsOf(element).find((candidate) => candidate.name === name)
