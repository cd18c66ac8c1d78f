// The types of values in supervisord's files. Each takes the text and gives the value, or raises BAD_CONFIGURATION with
// supervisord's own message as subject (supervisord: datatypes.py).
import { AgentError } from '../../../domain/errors.ts'
import { listTokens } from '../../../wire/ini/shell-words.ts'
import { repr, strip } from '../../../wire/ini/python-text.ts'

/** Raised for a value that is wrong; `subject` is supervisord's message. */
export const bad = (message: string, cause?: unknown): AgentError =>
  new AgentError('BAD_CONFIGURATION', message, cause === undefined ? {} : { cause })

const truths = new Map([
  ['yes', true],
  ['true', true],
  ['on', true],
  ['1', true],
  ['no', false],
  ['false', false],
  ['off', false],
  ['0', false],
])

/** `yes`, `true`, `on`, `1` and their opposites, in any case. */
export function boolean(text: string): boolean {
  const value = truths.get(text.toLowerCase())
  if (value === undefined) throw bad(`not a valid boolean value: ${repr(text)}`)
  return value
}

const badInteger = (text: string, base = 10): AgentError =>
  bad(`invalid literal for int() with base ${base}: ${repr(text)}`)

/** A whole number as Python's int reads it, underscores and outer blanks included; at most 2^53. */
export function integer(text: string): number {
  const digits = strip(text)
  if (!/^[+-]?\d+(_\d+)*$/.test(digits)) throw badInteger(text)
  const value = Number(digits.replaceAll('_', ''))
  if (!Number.isSafeInteger(value)) throw bad(`number out of range: ${repr(text)}`)
  return value === 0 ? 0 : value
}

/** A reader of whole numbers within both bounds. */
export function integerIn(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = integer(text)
    if (value < least) throw bad(`${value} is below lower bound (${least})`)
    if (value > most) throw bad(`${value} is above upper bound (${most})`)
    return value
  }
}

/** Seconds, with a fraction, as ms. */
export function seconds(text: string): number {
  const value = Number(text.trim())
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw bad(`not a number of seconds: ${repr(text)}`)
  return value * 1000
}

const byteUnits = new Map([
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
])

/** Bytes: a number, or one with KB, MB or GB (powers of 1024). */
export function byteSize(text: string): number {
  const lower = text.toLowerCase()
  const unit = byteUnits.get(lower.slice(-2))
  const bytes = unit === undefined ? integer(lower) : integer(lower.slice(0, -2)) * unit
  if (!Number.isSafeInteger(bytes)) throw bad(`number out of range: ${repr(text)}`)
  return bytes
}

/** A file mode in base 8, `022` or `0o22`. */
export function octal(text: string): number {
  const digits = strip(text).replace(/^\+?(0[oO]_?)?/, '')
  if (!/^[0-7]+(_[0-7]+)*$/.test(digits)) throw bad(`${text} can not be converted to an octal type`)
  return Number.parseInt(digits.replaceAll('_', ''), 8)
}

/** The names between the commas, blanks around them dropped; an empty text has none. */
export const listOfStrings = (text: string): readonly string[] => (text === '' ? [] : text.split(',').map(strip))

/** Exit codes 0 … 255 between commas; may be empty. */
export function exitCodes(text: string): readonly number[] {
  if (text === '') return []
  try {
    return text.split(',').map(integerIn(0, 255))
  } catch (cause) {
    throw bad(`not a valid list of exit codes: ${repr(text)}`, cause)
  }
}

export type Autorestart = boolean | 'unexpected'

/** A boolean, or `unexpected`. */
export function autorestart(text: string): Autorestart {
  const word = text.toLowerCase()
  const value = word === 'unexpected' ? word : truths.get(word)
  if (value === undefined) throw bad(`invalid 'autorestart' value ${repr(word)}`)
  return value
}

/** Names as supervisord's main log has them, with their numbers. */
const logLevels = { critical: 50, error: 40, warn: 30, info: 20, debug: 10, trace: 5, blather: 3 } as const

export type LogLevel = keyof typeof logLevels

/** The number of a level: the higher, the graver. */
export const levelNumber = (level: LogLevel): number => logLevels[level]

/** The name of a level of supervisord's main log, in any case. */
export function logLevel(text: string): LogLevel {
  const word = text.toLowerCase()
  const level = (Object.keys(logLevels) as LogLevel[]).find((name) => name === word)
  if (level === undefined) throw bad(`bad logging level name ${repr(text)}`)
  return level
}

/** A program's or group's name: no blank, colon or slash. */
export function processName(text: string): string {
  const name = strip(text)
  const wrong = [' ', ':', '/'].find((character) => name.includes(character))
  if (wrong !== undefined) throw bad(`Invalid name: ${repr(text)} because of character: ${repr(wrong)}`)
  return name
}

/** `KEY=value,KEY2="a, b"`; the quotes around a value are taken off. */
export function keyValues(text: string): ReadonlyMap<string, string> {
  const tokens = listTokens(text)
  if ('broken' in tokens) throw bad(tokens.broken)
  const found = new Map<string, string>()
  for (let index = 0; index < tokens.words.length; index += 4) {
    const [key, equals, value] = tokens.words.slice(index, index + 3)
    if (key === undefined || equals !== '=' || value === undefined) {
      throw bad(`Unexpected end of key/value pairs in value '${text}'`)
    }
    found.set(key, withoutQuotes(value))
  }
  return found
}

function withoutQuotes(text: string): string {
  const isQuote = (index: number): boolean => text.charAt(index) === '"' || text.charAt(index) === "'"
  let start = 0
  let end = text.length
  while (start < end && isQuote(start)) start++
  while (end > start && isQuote(end - 1)) end--
  return text.slice(start, end)
}

/** Where an HTTP server listens; an empty host is every address of IPv4. */
export interface InetAddress {
  readonly host: string
  readonly port: number
}

const portNumber = integerIn(1, 0xffff)

/** `host:port`, `:port`, `*:port` or `port`. */
export function inetAddress(text: string): InetAddress {
  const colon = text.lastIndexOf(':')
  if (colon < 0) {
    try {
      return { host: '', port: portNumber(text) }
    } catch (cause) {
      // The blank before the end is supervisord's.
      throw bad(`not a valid port number: ${repr(text)} `, cause)
    }
  }
  if (colon === text.length - 1) throw bad("no port number specified in ''")
  const host = text.slice(0, colon).toLowerCase()
  return { host: host === '*' ? '' : host, port: portNumber(text.slice(colon + 1)) }
}
