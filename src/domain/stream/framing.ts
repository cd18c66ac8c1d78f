// From records to lines: what a value with newlines of its own, or a dataframe, becomes.
import { isJson } from './json-text.ts'
import { relined, type Headers, type LineBatch } from './line-batch.ts'
import { lineAt } from './lines.ts'

/** INPUT_NEWLINES; `split` only where outputs are not matched to inputs. */
export type NewlineRule = 'json' | 'escape' | 'split' | 'dead-letter'

export interface FramingRules {
  readonly newlines: NewlineRule
  /** Dataframes become their data (INPUT_FORMAT=auto). */
  readonly unwrap: boolean
}

export interface RefusedRecord {
  /** Index into the batch that was given. */
  readonly index: number
  readonly reason: 'raw-newline' | 'bad-dataframe'
}

export interface Framed {
  readonly lines: LineBatch
  readonly refused: readonly RefusedRecord[]
}

/** The data of a dataframe; null for a value that is none of ours; `broken` for one that claims to be and is malformed. */
export type UnwrapValue = (value: Uint8Array, headers: Headers) => Uint8Array | null | 'broken'

const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const NONE: readonly RefusedRecord[] = []

/**
 * Makes every line of a batch exactly one line for the Calculator. Where nothing is to be done, which is looked up
 * once per batch, the same batch comes back; else a new one over the same range of offsets, in which
 * - `json`: newlines of a JSON value became spaces, every other byte stays; other values with newlines are refused;
 * - `escape`: in every value a newline became `\n` and a backslash `\\`, so that the Calculator can undo it;
 * - `split`: each fragment is a line of its own, so that several lines have one offset;
 * - `dead-letter`: values with newlines are refused.
 * Refused records have no line. Their offsets lie inside the ranges of the lines around them (`offsetAfter`), so their
 * dead letters must be stored before the batch goes on. `lines.count` may be 0.
 */
export function frame(batch: LineBatch, rules: FramingRules, unwrapValue: UnwrapValue): Framed {
  if (!needsFraming(batch, rules)) return { lines: batch, refused: NONE }
  const unwrapping = rules.unwrap && batch.context.hasHeaders
  const writer = new LineWriter(batch, rules.newlines)
  const refused: RefusedRecord[] = []
  for (let index = 0; index < batch.count; index++) {
    let value = lineAt(batch, index)
    const headers = unwrapping ? batch.context.headers(index) : []
    const data = headers.length > 0 ? unwrapValue(value, headers) : null
    if (data === 'broken') {
      refused.push({ index, reason: 'bad-dataframe' })
      continue
    }
    if (data !== null) value = data
    if (!writer.add(index, value)) refused.push({ index, reason: 'raw-newline' })
  }
  return { lines: writer.finish(refused.length > 0), refused }
}

/** Whether `frame` has to look at each record. */
export const needsFraming = (batch: LineBatch, rules: FramingRules): boolean =>
  (rules.unwrap && batch.context.hasHeaders) || !isPlain(batch, rules)

/** Whether the only newlines are those that end the lines (and nothing needs escaping). */
function isPlain(batch: LineBatch, rules: FramingRules): boolean {
  const { bytes, count } = batch
  let seen = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) if (++seen > count) return false
  return rules.newlines !== 'escape' || !bytes.includes(BACKSLASH)
}

class LineWriter {
  readonly #batch: LineBatch
  readonly #newlines: NewlineRule
  #bytes: Uint8Array
  #at = 0
  #ends: Uint32Array
  /** Index of the record behind each line. */
  #origins: Uint32Array
  #count = 0

  constructor(batch: LineBatch, newlines: NewlineRule) {
    this.#batch = batch
    this.#newlines = newlines
    this.#bytes = new Uint8Array(batch.bytes.length)
    this.#ends = new Uint32Array(batch.count)
    this.#origins = new Uint32Array(batch.count)
  }

  /** False when the value may not become a line. */
  add(index: number, value: Uint8Array): boolean {
    this.#reserve(value.length * (this.#newlines === 'escape' ? 2 : 1) + 1)
    if (this.#newlines === 'escape') {
      this.#escape(value)
    } else if (!value.includes(NEWLINE)) {
      this.#copy(value)
    } else if (this.#newlines === 'split') {
      for (let at = value.indexOf(NEWLINE); at >= 0; at = value.indexOf(NEWLINE, at + 1)) {
        this.#endLine(index, this.#at + at + 1)
      }
      this.#copy(value)
    } else if (this.#newlines === 'json' && isJson(value, 0, value.length)) {
      const start = this.#at
      this.#copy(value)
      // A newline inside a string is no JSON, so all of these are blanks between values.
      for (let at = value.indexOf(NEWLINE); at >= 0; at = value.indexOf(NEWLINE, at + 1)) this.#bytes[start + at] = 0x20
    } else {
      return false
    }
    this.#bytes[this.#at++] = NEWLINE
    this.#endLine(index, this.#at)
    return true
  }

  finish(someRefused: boolean): LineBatch {
    const lines = { bytes: this.#bytes.subarray(0, this.#at), ends: this.#ends.subarray(0, this.#count) }
    const oneToOne = !someRefused && this.#count === this.#batch.count
    return relined(this.#batch, lines, oneToOne ? null : this.#origins.subarray(0, this.#count))
  }

  #copy(value: Uint8Array): void {
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  #escape(value: Uint8Array): void {
    for (const byte of value) {
      if (byte === NEWLINE || byte === BACKSLASH) this.#bytes[this.#at++] = BACKSLASH
      this.#bytes[this.#at++] = byte === NEWLINE ? 0x6e : byte
    }
  }

  #endLine(index: number, end: number): void {
    if (this.#count === this.#ends.length) {
      this.#ends = widened(this.#ends)
      this.#origins = widened(this.#origins)
    }
    this.#ends[this.#count] = end
    this.#origins[this.#count++] = index
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const wider = new Uint8Array(Math.max(this.#at + more, this.#bytes.length * 2))
    wider.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = wider
  }
}

function widened(numbers: Uint32Array): Uint32Array {
  const wider = new Uint32Array(numbers.length * 2 + 1)
  wider.set(numbers)
  return wider
}
