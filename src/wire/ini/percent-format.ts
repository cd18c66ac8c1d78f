// Python's `format % mapping`, as far as names with texts and whole numbers need it.
import { repr } from './python-text.ts'

export type Names = Pick<ReadonlyMap<string, string | number>, 'get'>

/** The text; or a name that is not there; or why the format is broken, in Python's words. */
export type Formatted = { readonly text: string } | { readonly missing: string } | { readonly broken: string }

/** Wider fields are an accident, and would only fill the memory. */
const WIDEST = 10_000

/**
 * `%(name)s`, `%(name)02d`, `%%` and so on. Numbers are whole. Never throws.
 * A conversion without a name is broken here; Python would write the whole mapping, the environment, in its place.
 */
export function percentFormat(format: string, names: Names): Formatted {
  const scanner = new Scanner(format, names)
  let text = ''
  for (;;) {
    const percent = format.indexOf('%', scanner.at)
    if (percent < 0) return { text: text + format.slice(scanner.at) }
    text += format.slice(scanner.at, percent)
    scanner.at = percent + 1
    const piece = scanner.conversion()
    if (!('text' in piece)) return piece
    text += piece.text
  }
}

interface Field {
  readonly flags: string
  readonly width: number
  readonly precision: number | null
  readonly kind: string
}

class Scanner {
  /** Behind the percent sign, and behind the conversion afterwards. */
  at = 0
  readonly #format: string
  readonly #names: Names

  constructor(format: string, names: Names) {
    this.#format = format
    this.#names = names
  }

  conversion(): Formatted {
    if (this.#next() === '%') {
      this.at++
      return { text: '%' }
    }
    let value: string | number | undefined
    if (this.#next() === '(') {
      const name = this.#name()
      if (name === null) return { broken: 'incomplete format key' }
      value = this.#names.get(name)
      if (value === undefined) return { missing: name }
    }
    const flags = this.#while(/[-+ #0]/)
    if (this.#next() === '*') return { broken: this.#starProblem(value) }
    const width = this.#while(/[0-9]/)
    if (Number(width) > WIDEST) return { broken: 'width too big' }
    let precision: string | null = null
    if (this.#next() === '.') {
      this.at++
      if (this.#next() === '*') return { broken: this.#starProblem(value) }
      precision = this.#while(/[0-9]/)
      if (Number(precision) > WIDEST) return { broken: 'precision too big' }
    }
    if (/[hlL]/.test(this.#next())) this.at++
    const kind = this.#next()
    if (kind === '') return { broken: 'incomplete format' }
    if (!'diouxXeEfFgGcrsa'.includes(kind)) return { broken: unsupported(kind, this.#format, this.at) }
    this.at += 1
    if (value === undefined) return { broken: `%${kind} has no name: write %%${kind}, or %(name)${kind}` }
    const field = { flags, width: Number(width), precision: precision === null ? null : Number(precision), kind }
    return typeof value === 'number' ? numberField(value, field) : textField(value, field)
  }

  #next(): string {
    return this.#format.charAt(this.at)
  }

  #while(allowed: RegExp): string {
    const start = this.at
    while (allowed.test(this.#next())) this.at++
    return this.#format.slice(start, this.at)
  }

  /** A name may hold balanced parentheses. */
  #name(): string | null {
    const start = ++this.at
    for (let depth = 1; this.at < this.#format.length;) {
      const character = this.#format.charAt(this.at++)
      depth += character === '(' ? 1 : character === ')' ? -1 : 0
      if (depth === 0) return this.#format.slice(start, this.at - 1)
    }
    return null
  }

  #starProblem(value: string | number | undefined): string {
    return typeof value === 'number' ? 'not enough arguments for format string' : '* wants int'
  }
}

function unsupported(kind: string, format: string, at: number): string {
  const code = format.codePointAt(at) ?? 0
  const shown = code > 31 && code < 128 ? kind : '?'
  // Python counts characters, not UTF-16 units.
  const index = Array.from(format.slice(0, at)).length
  return `unsupported format character '${shown}' (0x${code.toString(16)}) at index ${index}`
}

function textField(value: string, field: Field): Formatted {
  const { kind } = field
  if (kind === 'c') {
    return Array.from(value).length === 1
      ? { text: padded('', value, { ...field, flags: noZero(field) }) }
      : { broken: '%c requires int or char' }
  }
  if ('diu'.includes(kind)) return { broken: `%${kind} format: a real number is required, not str` }
  if ('oxX'.includes(kind)) return { broken: `%${kind} format: an integer is required, not str` }
  if ('eEfFgG'.includes(kind)) return { broken: 'must be real number, not str' }
  const shown = kind === 's' ? value : kind === 'a' ? ascii(repr(value)) : repr(value)
  const cut = field.precision === null ? shown : Array.from(shown).slice(0, field.precision).join('')
  return { text: padded('', cut, { ...field, flags: noZero(field) }) }
}

const ascii = (shown: string): string =>
  Array.from(shown, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) return character
    const hex = code.toString(16)
    return code < 0x100 ? `\\x${hex}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
  }).join('')

const noZero = ({ flags }: Field): string => flags.replaceAll('0', '')

function numberField(value: number, field: Field): Formatted {
  const { kind, flags, precision } = field
  if ('sra'.includes(kind)) return textField(String(value), { ...field, kind: 's' })
  if (kind === 'c') return textField(String.fromCodePoint(Math.min(Math.max(value, 0), 0x10ffff)), field)
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const size = Math.abs(value)
  if ('eEgG'.includes(kind)) return { broken: `%${kind} is not supported: use %(…)d` }
  if ('fF'.includes(kind)) return { text: padded(sign, size.toFixed(Math.min(precision ?? 6, 100)), field) }
  const base = kind === 'o' ? 8 : kind.toLowerCase() === 'x' ? 16 : 10
  const digits = size.toString(base).padStart(precision ?? 0, '0')
  const prefix = flags.includes('#') && base !== 10 ? `0${kind}` : ''
  return { text: padded(sign + prefix, kind === 'X' ? digits.toUpperCase() : digits, field) }
}

/** Blanks before or behind, or zeros between the sign and the digits. */
function padded(sign: string, body: string, { flags, width }: Field): string {
  const missing = Math.max(0, width - Array.from(sign + body).length)
  if (flags.includes('-')) return sign + body + ' '.repeat(missing)
  return flags.includes('0') ? sign + '0'.repeat(missing) + body : ' '.repeat(missing) + sign + body
}
