// What a method takes: names and types for its help, and how a value on the wire is read. Supervisor hands values to
// Python's own conversions, so that `"5"` is a number and anything is true or false; that much is kept.
import { isStruct, type XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { fault } from './faults.ts'

export type WireType = 'string' | 'int' | 'boolean' | 'array' | 'struct'

export interface Parameter<T> {
  readonly type: WireType
  readonly name: string
  readonly text: string
  /** May be left out; then it has this value. */
  readonly otherwise?: T
  /** Raises INCORRECT_PARAMETERS. */
  read(value: XmlRpcValue): T
}

const reading =
  <T>(type: WireType, read: (value: XmlRpcValue) => T | undefined) =>
  (name: string, text: string): Parameter<T> => ({
    type,
    name,
    text,
    read(value) {
      const result = read(value)
      if (result === undefined) throw fault('INCORRECT_PARAMETERS', `${name} must be of type ${type}`)
      return result
    },
  })

export const string = reading('string', (value) => (typeof value === 'string' ? value : undefined))

export const processName = string('name', 'the process, as name or group:name')
export const groupName = string('name', 'the group')

/** A string, or a scalar as Python would print it. */
export const text = reading('string', (value) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
)

/** Text, or bytes as they are. */
export const characters = reading('string', (value) => {
  if (typeof value === 'string') return Buffer.from(value)
  return value instanceof Uint8Array ? value : undefined
})

export const integer = reading('int', (value) => {
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
  if (typeof number === 'boolean') return Number(number)
  return typeof number === 'number' && Number.isSafeInteger(Math.trunc(number)) ? Math.trunc(number) : undefined
})

export const list = reading('array', (value) => (isList(value) ? value : undefined))

/** Python's truth of any value; true when left out. */
export const flag = (name: string, about: string): Parameter<boolean> => ({
  ...reading('boolean', truth)(name, about),
  otherwise: true,
})

function truth(value: XmlRpcValue): boolean {
  if (isList(value) || value instanceof Uint8Array) return value.length > 0
  return isStruct(value) ? Object.keys(value).length > 0 : Boolean(value)
}

/** An array of XML-RPC. */
export const isList = (value: XmlRpcValue): value is readonly XmlRpcValue[] => Array.isArray(value)
