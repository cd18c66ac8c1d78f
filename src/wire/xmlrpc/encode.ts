// XML-RPC as it goes out, byte for byte what Python's xmlrpc.client.dumps writes, which is what supervisord sends, but for
// the exponents of doubles, and for characters that XML cannot carry, where Python sends a text that no parser takes.
import { REPLACEMENT, NOT_IN_XML } from './characters.ts'
import { XmlRpcDateTime, type XmlRpcValue } from './values.ts'

const HEAD = "<?xml version='1.0'?>\n"

/** A `<methodCall>`. */
export const encodeCall = (method: string, params: readonly XmlRpcValue[]): string =>
  `${HEAD}<methodCall>\n<methodName>${escapeText(method)}</methodName>\n<params>\n` +
  `${params.map((param) => `<param>\n${encodeValue(param)}</param>\n`).join('')}</params>\n</methodCall>\n`

/** A `<methodResponse>` with one result. */
export const encodeResponse = (value: XmlRpcValue): string => encodeResponseOf(encodeValue(value))

/** As encodeResponse, around a value that is encoded already. */
export const encodeResponseOf = (encoded: string): string =>
  `${HEAD}<methodResponse>\n<params>\n<param>\n${encoded}</param>\n</params>\n</methodResponse>\n`

/** A `<methodResponse>` with a fault. */
export const encodeFault = (code: number, text: string): string =>
  `${HEAD}<methodResponse>\n<fault>\n${encodeValue({ faultCode: code, faultString: text })}</fault>\n</methodResponse>\n`

/** `<value>…</value>` and a newline. Raises RangeError for a number that is not finite. */
export function encodeValue(value: XmlRpcValue): string {
  if (typeof value === 'string') return `<value><string>${escapeText(value)}</string></value>\n`
  if (typeof value === 'number') return encodeNumber(value)
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>\n`
  return encodeObject(value)
}

const isInt32 = (value: number): boolean => (value | 0) === value && !Object.is(value, -0)

function encodeNumber(value: number): string {
  if (isInt32(value)) return `<value><int>${value}</int></value>\n`
  if (!Number.isFinite(value)) throw new RangeError(`XML-RPC has no number ${value}`)
  // Python writes a fraction or an exponent always.
  const digits = Object.is(value, -0) ? '-0' : String(value)
  return `<value><double>${/[.e]/.test(digits) ? digits : `${digits}.0`}</double></value>\n`
}

function encodeObject(value: Exclude<XmlRpcValue, string | number | boolean>): string {
  if (value === null) return '<value><nil/></value>'
  if (value instanceof Uint8Array) return `<value><base64>\n${base64Lines(value)}</base64></value>\n`
  if (value instanceof XmlRpcDateTime) {
    return `<value><dateTime.iso8601>${escapeText(value.text)}</dateTime.iso8601></value>\n`
  }
  if (isList(value)) return arrayValue(value.map(encodeValue))
  const members = Object.entries(value).map(([name, member]) => encodeMember(name, encodeValue(member)))
  return structValue(members)
}

const isList = (value: object): value is readonly XmlRpcValue[] => Array.isArray(value)

/** An array of values that are encoded already. */
export const arrayValue = (encoded: readonly string[]): string =>
  `<value><array><data>\n${encoded.join('')}</data></array></value>\n`

/** A struct of members that encodeMember made. */
export const structValue = (members: readonly string[]): string =>
  `<value><struct>\n${members.join('')}</struct></value>\n`

/** One member of a struct, around a value that is encoded already. */
export const encodeMember = (name: string, encoded: string): string =>
  `<member>\n<name>${escapeText(name)}</name>\n${encoded}</member>\n`

/** Lines of 76 characters. Python: base64.encodebytes. */
const base64Lines = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n')

const special = new RegExp(`[&<>\\r]|${NOT_IN_XML.source}`, NOT_IN_XML.flags)

const references: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }

/** Text for an element's content. A carriage return goes as a reference, or parsers would read it as a newline. */
export const escapeText = (text: string): string =>
  text.replace(special, (character) => references[character] ?? REPLACEMENT)
