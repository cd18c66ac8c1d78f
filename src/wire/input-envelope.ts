// What the Calculator gets with CALCULATOR_INPUT=dataframe: each record as one JSON line, with everything known of it.
import type { Framed, RefusedRecord } from '../domain/stream/framing.ts'
import { relined, type Headers, type LineBatch } from '../domain/stream/line-batch.ts'
import { isJson, skipString, skipValue } from '../domain/stream/json-text.ts'
import { lineAt } from '../domain/stream/lines.ts'
import { recordId } from '../domain/stream/record-id.ts'
import { YEAR_10000, type Millis } from '../domain/time.ts'
import { unwrap } from './cloud-event.ts'
import { escapedLength, escapeInto, isUtf8, unescape } from './json-bytes.ts'
import { shownBytes, type ShownBytes } from './shown-bytes.ts'

const NEWLINE = 0x0a
const BLANK = 0x20
const QUOTE = 0x22
const END = Buffer.from('}\n')

/**
 * A line per record with id (`<topic>-<partition>-<offset>`), topic, partition, offset, key, headers, time and data, in
 * that order. Data that is JSON is embedded, other text is a string, other bytes come as `data_base64`; keys and values
 * of headers are strings, or `{"base64": …}` where they are no UTF-8. With `unwrapping` our own dataframes become their
 * data first; malformed ones are refused.
 */
export function enveloped(batch: LineBatch, unwrapping: boolean): Framed {
  const lines = new Lines()
  const refused: RefusedRecord[] = []
  const origins: number[] = []
  for (let index = 0; index < batch.count; index++) {
    let value = lineAt(batch, index)
    const headers = batch.context.hasHeaders ? batch.context.headers(index) : []
    const data = unwrapping && headers.length > 0 ? unwrap(value, headers) : null
    if (data === 'broken') {
      refused.push({ index, reason: 'bad-dataframe' })
      continue
    }
    if (data !== null) value = data
    lines.add(beginning(batch, index, headers), value)
    origins.push(index)
  }
  return { refused, lines: relined(batch, lines.finish(), refused.length === 0 ? null : origins) }
}

const DATA = /^"data(_base64)?"$/

/** The data within a line of `enveloped`: the value that the record had, with blanks for the newlines of JSON. */
export function envelopedData(line: Uint8Array): Uint8Array {
  const text = (from: number, to: number): string => Buffer.from(line.subarray(from, to)).toString()
  // Names follow the brace or a comma without blanks; data comes last.
  for (let at = 1; at < line.length;) {
    const colon = skipString(line, at, line.length)
    const end = skipValue(line, colon + 1, line.length)
    const [isData = false, isBase64 = false] = DATA.exec(text(at, colon))?.map(Boolean) ?? []
    if (isBase64) return Buffer.from(text(colon + 2, end - 1), 'base64')
    if (isData) return line[colon + 1] === QUOTE ? unescape(line, colon + 2, end - 1) : line.subarray(colon + 1, end)
    at = end + 1
  }
  return line
}

function beginning(batch: LineBatch, index: number, headers: Headers): string {
  const { topic, partition, context } = batch
  const key = context.key(index)
  const known = {
    id: recordId(batch, index),
    topic,
    partition,
    offset: batch.offsets[index] ?? 0,
    key: key && shownBytes(key),
    headers: shownHeaders(headers),
    ...timeOf(context.timestamp(index)),
  }
  return JSON.stringify(known).slice(0, -1)
}

const timeOf = (time: Millis): { readonly time?: string } =>
  time >= 0 && time < YEAR_10000 ? { time: new Date(time).toISOString() } : {}

/** A name that occurs more than once has a list. */
function shownHeaders(headers: Headers): Readonly<Record<string, unknown>> {
  const byName = new Map<string, (ShownBytes | null)[]>()
  for (const [name, value] of headers) {
    const known = byName.get(name) ?? []
    known.push(value && shownBytes(value))
    byName.set(name, known)
  }
  return Object.fromEntries([...byName].map(([name, values]) => [name, values.length === 1 ? values[0] : values]))
}

class Lines {
  #bytes = Buffer.allocUnsafe(64 * 1024)
  #at = 0
  readonly #ends: number[] = []

  add(head: string, value: Uint8Array): void {
    const end = value.length
    if (isJson(value, 0, end)) {
      this.#text(`${head},"data":`)
      const start = this.#at
      this.#reserve(end)
      this.#bytes.set(value, start)
      this.#at += end
      // A newline inside a string is no JSON, so all of these are blanks between values.
      const data = this.#bytes.subarray(start, this.#at)
      for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) data[at] = BLANK
    } else if (isUtf8(value, 0, end)) {
      this.#text(`${head},"data":"`)
      this.#reserve(escapedLength(value, 0, end))
      this.#at = escapeInto(this.#bytes, this.#at, value, 0, end)
      this.#text('"')
    } else {
      this.#text(`${head},"data_base64":"${Buffer.from(value).toString('base64')}"`)
    }
    this.#reserve(END.length)
    this.#bytes.set(END, this.#at)
    this.#ends.push((this.#at += END.length))
  }

  finish(): { readonly bytes: Uint8Array; readonly ends: Uint32Array } {
    return { bytes: this.#bytes.subarray(0, this.#at), ends: Uint32Array.from(this.#ends) }
  }

  #text(text: string): void {
    // Three bytes at most for each unit of a string.
    this.#reserve(text.length * 3)
    this.#at += this.#bytes.write(text, this.#at, 'utf8')
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const wider = Buffer.allocUnsafe(Math.max(this.#at + more, this.#bytes.length * 2))
    this.#bytes.copy(wider, 0, 0, this.#at)
    this.#bytes = wider
  }
}
