import { Buffer } from 'node:buffer'
import { isStruct, XmlRpcDateTime, type XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import type { Json } from './session.ts'

/** A value of the protocol for JSON: bytes as base64, a date as its text. */
export function jsonOf(value: XmlRpcValue): Json {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof XmlRpcDateTime) return value.text
  if (isStruct(value)) return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, jsonOf(entry)]))
  if (isList(value)) return value.map(jsonOf)
  return value
}

const isList = (value: XmlRpcValue): value is readonly XmlRpcValue[] => Array.isArray(value)
