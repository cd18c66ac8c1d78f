// Dataframes become lines again, so that Calculators chain: a scan over the event's own members, nothing is parsed.
import { skipBlanks, skipString, skipValue } from '../domain/stream/json-text.ts'
import type { Headers } from '../domain/stream/line-batch.ts'
import { DATAFRAME_TYPE } from './dataframe.ts'
import { unescape } from './json-bytes.ts'

const CONTENT_TYPE = 'content-type'
/** Lower case; whatever follows it (a charset) does not matter. */
const PREFIX = Buffer.from('application/cloudevents+json')

const TYPE = Buffer.from('type')
const DATA = Buffer.from('data')
const DATA_BASE64 = Buffer.from('data_base64')
const DATA_CONTENT_TYPE = Buffer.from('datacontenttype')
// What the encoder writes, so that its own events need no look at parameters and suffixes.
const TEXT = Buffer.from('text/plain')
const JSON_TYPE = Buffer.from('application/json')
const OUR_TYPE = Buffer.from(DATAFRAME_TYPE)

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Members of the event: positions of their values without blanks, -1 where there is none. */
interface Members {
  typeAt: number
  typeEnd: number
  dataAt: number
  dataEnd: number
  /** The data's slice with the blanks around it. */
  dataFrom: number
  dataTo: number
  base64At: number
  base64End: number
  contentTypeAt: number
  contentTypeEnd: number
}

/**
 * The data of a dataframe, as the bytes of the line it was made from: a string decoded to UTF-8, `data_base64` decoded,
 * any other JSON (and a string whose `datacontenttype` is JSON) as its own bytes between colon and comma or brace.
 * May be a view of `value`. Returns null for a value that stays as it is: no content-type header of that kind, or an
 * event of a foreign type; `broken` for malformed JSON, bad base64, or an event of ours without data.
 */
export function unwrap(value: Uint8Array, headers: Headers): Uint8Array | null | 'broken' {
  if (!headers.some(([name, content]) => isDataframe(name, content))) return null
  const members = scan(value)
  if (!members) return 'broken'
  if (!isString(value, members.typeAt)) return null
  if (!textIs(value, members.typeAt + 1, members.typeEnd - 1, OUR_TYPE)) return null
  if (members.base64At >= 0) return members.dataAt >= 0 ? 'broken' : decodeBase64(value, members)
  if (members.dataAt < 0) return 'broken'
  return isString(value, members.dataAt) && !isJsonMediaType(value, members)
    ? unescape(value, members.dataAt + 1, members.dataEnd - 1)
    : value.subarray(members.dataFrom, members.dataTo)
}

/** Whether the header says that the value is a CloudEvent in JSON. */
export function isDataframe(name: string, content: Uint8Array | null): boolean {
  if (name.length !== CONTENT_TYPE.length || content === null || content.length < PREFIX.length) return false
  if (name !== CONTENT_TYPE && name.toLowerCase() !== CONTENT_TYPE) return false
  for (let i = 0; i < PREFIX.length; i++) {
    const byte = content[i] ?? 0
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (lower !== PREFIX[i]) return false
  }
  return true
}

/** null when the value is no JSON object. */
function scan(bytes: Uint8Array): Members | null {
  const end = bytes.length
  const members: Members = {
    typeAt: -1,
    typeEnd: -1,
    dataAt: -1,
    dataEnd: -1,
    dataFrom: -1,
    dataTo: -1,
    base64At: -1,
    base64End: -1,
    contentTypeAt: -1,
    contentTypeEnd: -1,
  }
  let at = skipBlanks(bytes, 0, end)
  if (bytes[at] !== OPEN_BRACE) return null
  at = skipBlanks(bytes, at + 1, end)
  if (bytes[at] === CLOSE_BRACE) return skipBlanks(bytes, at + 1, end) === end ? members : null
  for (;;) {
    const nameEnd = skipString(bytes, at, end)
    if (nameEnd < 0) return null
    const colon = skipBlanks(bytes, nameEnd, end)
    if (bytes[colon] !== COLON) return null
    const valueAt = skipBlanks(bytes, colon + 1, end)
    const valueEnd = skipValue(bytes, valueAt, end)
    if (valueEnd < 0) return null
    const after = skipBlanks(bytes, valueEnd, end)
    const from = at + 1
    const to = nameEnd - 1
    if (textIs(bytes, from, to, DATA)) {
      members.dataAt = valueAt
      members.dataEnd = valueEnd
      members.dataFrom = colon + 1
      members.dataTo = after
    } else if (textIs(bytes, from, to, TYPE)) {
      members.typeAt = valueAt
      members.typeEnd = valueEnd
    } else if (textIs(bytes, from, to, DATA_BASE64)) {
      members.base64At = valueAt
      members.base64End = valueEnd
    } else if (textIs(bytes, from, to, DATA_CONTENT_TYPE)) {
      members.contentTypeAt = valueAt
      members.contentTypeEnd = valueEnd
    }
    if (bytes[after] === CLOSE_BRACE) return skipBlanks(bytes, after + 1, end) === end ? members : null
    if (bytes[after] !== COMMA) return null
    at = skipBlanks(bytes, after + 1, end)
  }
}

const isString = (bytes: Uint8Array, at: number): boolean => at >= 0 && bytes[at] === QUOTE

/** Whether the inside of a JSON string stands for `expected`, escapes or not. */
function textIs(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (!isEscaped(bytes, start, end)) return matches(bytes, start, end, expected)
  const text = unescape(bytes, start, end)
  return matches(text, 0, text.length, expected)
}

/** A loop, because names are short and a native search would not stop at their end. */
function isEscaped(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return true
  return false
}

function matches(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (end - start !== expected.length) return false
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false
  return true
}

function isJsonMediaType(bytes: Uint8Array, { contentTypeAt, contentTypeEnd }: Members): boolean {
  if (!isString(bytes, contentTypeAt)) return false
  if (matches(bytes, contentTypeAt + 1, contentTypeEnd - 1, TEXT)) return false
  if (matches(bytes, contentTypeAt + 1, contentTypeEnd - 1, JSON_TYPE)) return true
  const text = Buffer.from(unescape(bytes, contentTypeAt + 1, contentTypeEnd - 1)).toString('latin1')
  return /^[^;]*[/+]json\s*(;|$)/i.test(text)
}

function decodeBase64(bytes: Uint8Array, { base64At, base64End }: Members): Uint8Array | 'broken' {
  if (!isString(bytes, base64At)) return 'broken'
  const text = Buffer.from(unescape(bytes, base64At + 1, base64End - 1)).toString('latin1')
  // Buffer.from skips what it does not know; here that would be silent damage.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return 'broken'
  return Buffer.from(text, 'base64')
}
