// The types a variable can have: which text is accepted, and the value that comes of it.
import { isIP } from 'node:net'
import { instantOf } from '../domain/stream/instant.ts'
import { isTopicName } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'

/** `label` names the type in the documents; `parse` throws an Error whose message says what the text should be. */
export interface ValueType<T> {
  readonly label: string
  readonly parse: (raw: string) => T
}

const type = <T>(label: string, parse: (raw: string) => T): ValueType<T> => ({ label, parse })

const reject = (expected: string): never => {
  throw new Error(`should be ${expected}`)
}

// ---- numbers -----------------------------------------------------------------------------------------------------

const unitMs = new Map<string, Millis>([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** A Node timer beyond 2^31-1 ms fires at once, so no duration may reach that. */
const LONGEST: Millis = 24 * 24 * 3_600_000

/**
 * `300ms`, `3s`, `1m30s`, `2h`, `1.5s`, or bare seconds, as milliseconds.
 * @param least smallest accepted duration in ms
 */
export const duration = (least: Millis = 0): ValueType<Millis> =>
  type('duration', (raw) => {
    const parts = /^\d+(\.\d+)?$/.test(raw) ? [[raw, raw, 's']] : [...raw.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
    const covered = parts.reduce((sum, part) => sum + (part[0]?.length ?? 0), 0)
    if (parts.length === 0 || covered !== raw.length) reject('a duration such as 300ms, 3s, 1m30s, 2h or bare seconds')
    const total = Math.round(
      parts.reduce((sum, part) => sum + Number(part[1] ?? 0) * (unitMs.get(part[2] ?? '') ?? 0), 0),
    )
    if (total < least) reject(`a duration of at least ${least % 1000 === 0 ? `${least / 1000}s` : `${least}ms`}`)
    if (total > LONGEST) reject('a duration of at most 576h')
    return total
  })

const unitBytes = new Map<string, number>([
  ['', 1],
  ['b', 1],
  ['ki', 2 ** 10],
  ['kib', 2 ** 10],
  ['mi', 2 ** 20],
  ['mib', 2 ** 20],
  ['gi', 2 ** 30],
  ['gib', 2 ** 30],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
])

/** `4096`, `64MiB` (powers of 1024), `1MB` (powers of 1000), as bytes. `64M` is refused: its meaning differs by tool. */
export const bytes: ValueType<number> = type('bytes', (raw) => {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(raw)
  const unit = unitBytes.get((match?.[2] ?? '?').toLowerCase()) ?? NaN
  const total = Math.round(Number(match?.[1]) * unit)
  return Number.isSafeInteger(total) && total > 0
    ? total
    : reject('a number of bytes above 0 such as 4096, 64KiB or 1MB')
})

/** Decimal digits, from `least` to `most`. */
export const integer = (least: number, most = Number.MAX_SAFE_INTEGER): ValueType<number> =>
  type('integer', (raw) => {
    const value = /^-?\d+$/.test(raw) ? Number(raw) : NaN
    if (value >= least && value <= most) return value
    return reject(most === Number.MAX_SAFE_INTEGER ? `an integer from ${least}` : `an integer from ${least} to ${most}`)
  })

// ---- words -------------------------------------------------------------------------------------------------------

const truths = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
])

export const boolean: ValueType<boolean> = type('boolean', (raw) => {
  return truths.get(raw.toLowerCase()) ?? reject('true or false (also 1, 0, yes, no, on, off)')
})

const orList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`

const quoted = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ')

/** One of the words, in any case. */
export const choice = <const W extends string>(...words: W[]): ValueType<W> =>
  type(quoted(words), (raw) => {
    return words.find((word) => word.toLowerCase() === raw.toLowerCase()) ?? reject(orList(words))
  })

/** One of the keys, standing for its value: how one meaning gets several names. `shown` are the names in the text. */
export const synonym = <V>(meanings: Readonly<Record<string, V>>, shown: readonly string[]): ValueType<V> => {
  const known = new Map(Object.entries(meanings))
  return type(quoted(shown), (raw) => {
    const value = known.get(raw.toLowerCase())
    return value === undefined ? reject(orList(shown)) : value
  })
}

/** Any text without control characters. */
export const text: ValueType<string> = type('text', (raw) => {
  return /\p{Cc}/u.test(raw) ? reject('text without control characters') : raw
})

/** Any text; nothing of a secret is looked at. */
export const opaque: ValueType<string> = type('secret', (raw) => raw)

/** Text that fits `pattern`; `expected` completes "should be". */
export const pattern = (label: string, regex: RegExp, expected: string): ValueType<string> =>
  type(label, (raw) => (regex.test(raw) ? raw : reject(expected)))

/** NODE_ID and INSTANCE_ID: part of a KV key, of a service id and of the dataframe's source. */
export const identity: ValueType<string> = type('name', (raw) => {
  if (/[/\s\p{Cc}]/u.test(raw)) reject('a name without slashes, blanks and control characters')
  return Buffer.byteLength(raw) > 200 ? reject('a name of at most 200 bytes') : raw
})

export const topic: ValueType<string> = type('topic', (raw) => {
  return isTopicName(raw)
    ? raw
    : reject('a Kafka topic: letters, digits, dot, underscore and hyphen, at most 249 of them')
})

/** Comma-separated items without repetition; blanks around an item are dropped. */
export const listOf = <T>(item: ValueType<T>, label = `list of ${item.label}`): ValueType<readonly T[]> =>
  type(label, (raw) => {
    const words = raw.split(',').map((word) => word.trim())
    if (words.includes('')) reject('a comma-separated list without empty items')
    return [...new Set(words.map((word) => parsed(item, word, words.length > 1)))]
  })

/** Of several items the wrong one is named. */
function parsed<T>(item: ValueType<T>, word: string, isOneOfMany: boolean): T {
  try {
    return item.parse(word)
  } catch (error) {
    if (!isOneOfMany || !(error instanceof Error)) throw error
    throw new Error(`${error.message}, not ${JSON.stringify(word)}`, { cause: error })
  }
}

/** A list in which the one word `none` means no item. */
export const listOrNone = <T>(items: ValueType<readonly T[]>): ValueType<readonly T[]> =>
  type(`\`none\` or ${items.label}`, (raw) => {
    if (raw.toLowerCase() === 'none') return []
    try {
      return items.parse(raw)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      throw new Error(error.message.replace(/^should be /, 'should be none, or '), { cause: error })
    }
  })

// ---- places and times --------------------------------------------------------------------------------------------

/** An absolute path, or the word `off`. */
export const pathOrOff: ValueType<string> = type('path or `off`', (raw) => {
  if (raw.toLowerCase() === 'off') return 'off'
  return /^\/[^\0]*$/.test(raw) ? raw : reject('an absolute path or off')
})

export const absolutePath = pattern('path', /^\/[^\0]*$/, 'an absolute path')

/** An IP address or a host name, without a port. */
export const address: ValueType<string> = type('address', (raw) => {
  return isIP(raw) !== 0 || isHostName(raw) ? raw : reject('an IP address or a host name, without a port')
})

/** Labels of letters, digits, `-` and `_`, 253 characters at most: whether the name exists is not asked. */
export const isHostName = (word: string): boolean =>
  word.length <= 253 && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(word)

/** `earliest`, `latest`, or an RFC 3339 time as ms since the epoch. */
export const position: ValueType<'earliest' | 'latest' | Millis> = type('`earliest`, `latest` or time', (raw) => {
  const word = raw.toLowerCase()
  if (word === 'earliest' || word === 'latest') return word
  return instantOf(raw) ?? reject('earliest, latest or an RFC 3339 time such as 2026-01-31T08:00:00Z')
})
