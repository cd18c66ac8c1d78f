import type { XmlElement } from '@rgrove/parse-xml'
import { elementsOf, textOnly, type XmlDocument } from './document.ts'
import { XmlRpcDateTime, type XmlRpcValue } from './values.ts'

/** The value in a `<value>` element; one without a type is a string. Raises XmlRpcError. */
export function decodeValue(document: XmlDocument, value: XmlElement): XmlRpcValue {
  const typed = elementsOf(value)
  const [only] = typed
  if (only === undefined) return textOnly(value) ?? ''
  if (typed.length > 1) document.fail(value, 'expected one value')
  switch (only.name) {
    case 'array':
      return decodeArray(document, only)
    case 'struct':
      return decodeStruct(document, only)
    case 'nil':
    case 'ex:nil':
      return null
    default:
      return decodeScalar(document, only)
  }
}

const INTEGER = /^\s*[+-]?\d{1,20}\s*$/
const DOUBLE = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/
const DATE_TIME = /^\d{8}T\d\d:\d\d:\d\d$/

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['0', false],
  ['1', true],
  ['false', false],
  ['true', true],
])

function decodeScalar(document: XmlDocument, element: XmlElement): XmlRpcValue {
  const text = textOnly(element)
  if (text === null) return document.fail(element, `expected text in <${element.name}>`)
  const trimmed = text.trim()
  switch (element.name) {
    case 'string':
      return text
    case 'int':
    case 'i4':
    case 'i8':
      if (INTEGER.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
      return document.fail(element, 'expected an integer')
    case 'boolean':
      return booleans.get(trimmed) ?? document.fail(element, 'expected 0 or 1')
    case 'double':
      if (DOUBLE.test(text) && Number.isFinite(Number(text))) return Number(text)
      return document.fail(element, 'expected a decimal number')
    case 'base64':
      if (BASE64.test(text)) return new Uint8Array(Buffer.from(text, 'base64'))
      return document.fail(element, 'expected base64')
    case 'dateTime.iso8601':
      if (DATE_TIME.test(trimmed)) return new XmlRpcDateTime(trimmed)
      return document.fail(element, 'expected a time such as 20261126T14:45:10')
    default:
      return document.fail(element, `<${element.name}> is no type of XML-RPC`)
  }
}

function decodeArray(document: XmlDocument, array: XmlElement): XmlRpcValue[] {
  const [data] = elementsOf(array)
  if (data?.name !== 'data') return document.fail(array, 'expected <data> in <array>')
  return elementsOf(data).map((value) => {
    if (value.name !== 'value') document.fail(value, 'expected <value> in <data>')
    return decodeValue(document, value)
  })
}

function decodeStruct(document: XmlDocument, struct: XmlElement): Record<string, XmlRpcValue> {
  // fromEntries makes own members of every name, `__proto__` too.
  return Object.fromEntries(
    elementsOf(struct).map((member) => {
      const parts = elementsOf(member)
      const name = parts.find((part) => part.name === 'name')
      const value = parts.find((part) => part.name === 'value')
      if (member.name !== 'member' || name === undefined || value === undefined) {
        return document.fail(member, 'expected <member> with <name> and <value> in <struct>')
      }
      return [textOnly(name) ?? document.fail(name, 'expected text in <name>'), decodeValue(document, value)]
    }),
  )
}
