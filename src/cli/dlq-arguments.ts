// `pidpiper dlq ACTION …`: what the words ask for. Reads words, touches nothing.
import { instantOf } from '../domain/stream/instant.ts'
import type { Millis } from '../domain/time.ts'
import { suggestion } from './suggestion.ts'

/** An instant in ms since the epoch, or so many ms before now. */
export type Moment = { readonly at: Millis } | { readonly ago: Millis }

export interface DlqFilters {
  readonly reasons: readonly string[]
  readonly since: Moment | null
  readonly until: Moment | null
  readonly partition: number | null
  /** Only together with a partition. */
  readonly offset: number | null
}

export type DlqAction =
  | { readonly action: 'ls'; readonly filters: DlqFilters; readonly limit: number | null }
  | { readonly action: 'show'; readonly partition: number; readonly offset: number; readonly raw: boolean }
  | ({
      readonly action: 'replay'
      readonly filters: DlqFilters
      readonly limit: number | null
      readonly to: string | null
    } & Readonly<Record<'force' | 'again' | 'yes', boolean>>)
  | {
      readonly action: 'purge'
      readonly limit: 'all' | { readonly before: Moment } | { readonly offset: number }
      readonly partition: number | null
      readonly reasons: readonly string[]
      readonly replayed: boolean
      readonly yes: boolean
    }

/** `topic` null: the one of the configuration. */
export type DlqRequest = DlqAction & { readonly topic: string | null; readonly json: boolean }

type ActionName = DlqAction['action']

const filterOptions = ['--reason', '--since', '--until', '--partition'] as const
const options = {
  ls: ['--topic', '--json', '--limit', ...filterOptions],
  show: ['--topic', '--json', '--raw', '--partition', '--offset'],
  replay: [...['--topic', '--json', '--limit', '--offset', '--to', '--force', '--again', '--yes'], ...filterOptions],
  purge: ['--topic', '--json', '--before', '--all', '--reason', '--partition', '--replayed', '--yes'],
} as const satisfies Record<ActionName, readonly string[]>
const switches: readonly string[] = ['--json', '--raw', '--force', '--again', '--yes', '--all', '--replayed']

/** Thrown while words are read; `message` goes to the user. */
class Misuse extends Error {}

/** The request; `help` where help was asked for; else what is wrong with the words. */
export function parseDlq(words: readonly string[]): DlqRequest | 'help' | { readonly problem: string } {
  const [action = '', ...rest] = words
  if (action === '--help' || action === '-h' || action === 'help') return 'help'
  try {
    if (!isAction(action)) {
      const names = Object.keys(options)
      if (action === '') throw new Misuse(`dlq needs an action: ${names.join(', ')}`)
      const near = action === 'list' ? ', did you mean ls?' : suggestion(action, names)
      throw new Misuse(`unknown action ${JSON.stringify(action)} of dlq${near || `: ${names.join(', ')}`}`)
    }
    const given = readWords(action, rest)
    return given === 'help' ? 'help' : requestOf(action, given)
  } catch (error) {
    if (error instanceof Misuse) return { problem: error.message }
    throw error
  }
}

const isAction = (word: string): word is ActionName => Object.hasOwn(options, word)

interface Given {
  readonly switches: ReadonlySet<string>
  /** Each option with its values, in order. */
  readonly values: ReadonlyMap<string, readonly string[]>
}

function readWords(action: ActionName, words: readonly string[]): Given | 'help' {
  const known: readonly string[] = options[action]
  const found = { switches: new Set<string>(), values: new Map<string, string[]>() }
  const give = (name: string, value: string): void => {
    const list = found.values.get(name) ?? []
    if (list.length > 0 && name !== '--reason') throw new Misuse(`${name} is given twice`)
    found.values.set(name, [...list, value])
  }
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word === '--help' || word === '-h') return 'help'
    const place = known.includes('--offset') ? /^(\d+):(\d+)$/.exec(word) : null
    if (place) {
      give('--partition', place[1] ?? '')
      give('--offset', place[2] ?? '')
      continue
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const name = equals < 0 ? word : word.slice(0, equals)
    if (!known.includes(name)) throw new Misuse(unknown(name, known))
    if (switches.includes(name)) {
      if (equals >= 0) throw new Misuse(`${name} takes no value`)
      found.switches.add(name)
      continue
    }
    const value = equals < 0 ? words[(index += 1)] : word.slice(equals + 1)
    if (value === undefined || value === '') throw new Misuse(`${name} needs a value`)
    give(name, value)
  }
  return found
}

function unknown(word: string, known: readonly string[]): string {
  if (word.startsWith('-')) return `unknown option ${JSON.stringify(word)}${suggestion(word, [...known, '--help'])}`
  const place = known.includes('--offset') ? ', a letter is PARTITION:OFFSET' : ''
  return `unexpected word ${JSON.stringify(word)}${place}`
}

function requestOf(action: ActionName, given: Given): DlqRequest {
  const one = (name: string): string | null => given.values.get(name)?.[0] ?? null
  const has = (name: string): boolean => given.switches.has(name)
  const common = { topic: one('--topic'), json: has('--json') }
  const limit = numberOf('--limit', one('--limit'), 1)
  const partition = numberOf('--partition', one('--partition'))
  const offset = numberOf('--offset', one('--offset'))
  if (offset !== null && partition === null) throw new Misuse('--offset needs --partition')
  const reasons = given.values.get('--reason') ?? []
  const since = momentOf('--since', one('--since'))
  const filters = { reasons, since, until: momentOf('--until', one('--until')), partition, offset }
  switch (action) {
    case 'ls':
      return { action, ...common, filters, limit }
    case 'show': {
      if (partition === null || offset === null) throw new Misuse('show needs a letter, as PARTITION:OFFSET')
      if (common.json && has('--raw')) throw new Misuse('--raw does not go with --json')
      return { action, ...common, partition, offset, raw: has('--raw') }
    }
    case 'replay': {
      const chosen = { to: one('--to'), force: has('--force'), again: has('--again'), yes: has('--yes') }
      return { action, ...common, ...chosen, filters, limit }
    }
    case 'purge': {
      const flags = { replayed: has('--replayed'), yes: has('--yes') }
      return { action, ...common, ...flags, partition, reasons, limit: purgeLimit(one('--before'), has('--all')) }
    }
  }
}

function purgeLimit(before: string | null, all: boolean): 'all' | { before: Moment } | { offset: number } {
  if (before === null && !all) throw new Misuse('purge needs --before TIME, --before OFFSET or --all')
  if (before === null) return 'all'
  if (all) throw new Misuse('--before does not go with --all')
  if (/^\d+$/.test(before)) return { offset: numberOf('--before', before) ?? 0 }
  return { before: momentOf('--before', before, 'an offset, ') ?? { ago: 0 } }
}

function numberOf(name: string, text: string | null, least = 0): number | null {
  if (text === null) return null
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Misuse(`${name} needs a whole number${least > 0 ? ` above ${least - 1}` : ''}, not ${JSON.stringify(text)}`)
}

const unitMs: Readonly<Record<string, Millis>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `2026-11-26T08:00:00Z`, or how long ago: `90s`, `2h`, `1d12h`. */
function momentOf(name: string, text: string | null, also = ''): Moment | null {
  if (text === null) return null
  const at = instantOf(text)
  if (at !== null) return { at }
  const parts = [...text.matchAll(/(\d{1,9})([smhd])/g)]
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text) {
    return { ago: parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0) }
  }
  const expected = `${also}an RFC 3339 time such as 2026-01-31T08:00:00Z, or how long ago, such as 2h`
  throw new Misuse(`${name} needs ${expected}, not ${JSON.stringify(text)}`)
}
