// Lines become dataframes: CloudEvents 1.0 in JSON, written as bytes, one allocation per batch.
import { isUtf8 as isUtf8View } from 'node:buffer'
import type { Lines } from '../domain/stream/lines.ts'
import type { Millis } from '../domain/time.ts'
import { escapedLength, escapeInto, isJson, isUtf8 } from './json-bytes.ts'

export const DATAFRAME_TYPE = 'pidpiper.record.v1'

/** The Kafka header `content-type` of a dataframe. */
export const DATAFRAME_CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8'

/** What tells the lines of one batch apart. */
export interface DataframeStamp {
  /** The id up to its number: `<INSTANCE_ID>-<incarnation>-` in relay, `<topic>-<partition>-` in one-to-one. */
  readonly idPrefix: string
  /** The number at the end of line `index`'s id: a sequence number or an offset. */
  number(index: number): number
  /** Ms since the epoch; outside the years 1970 to 9999 (Kafka's -1 for "none") the event has no time. */
  time(index: number): Millis
}

/** Values laid out as in a ValueBatch. */
export interface EncodedLines {
  readonly count: number
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Index of the line in each value; differs from the value's own index after a rejected line. */
  readonly lines: Uint32Array
  /** Indices of lines that are no JSON though OUTPUT_JSON says so. */
  readonly rejected: readonly number[]
}

const DIGITS_MAX = 16
const CLOSE_BRACE = 0x7d
const QUOTE = 0x22

/**
 * Encodes lines with the fields specversion, id, source, type, time, datacontenttype, data or data_base64, in that
 * order. With `json` the line's own bytes are embedded, blanks included (`application/json`); without it the line is a
 * JSON string (`text/plain`), or base64 where it is not UTF-8 (`application/octet-stream`).
 */
export class DataframeEncoder {
  readonly #json: boolean
  readonly #embedded: Middle
  readonly #text: Middle
  readonly #binary: Middle

  /** `source`: a URI reference, `/<service name>/<INSTANCE_ID>`. */
  constructor(options: { readonly source: string; readonly json: boolean }) {
    this.#json = options.json
    this.#embedded = new Middle(options.source, 'application/json', '"data":')
    this.#text = new Middle(options.source, 'text/plain', '"data":"')
    this.#binary = new Middle(options.source, 'application/octet-stream', '"data_base64":"')
  }

  encode(lines: Lines, stamp: DataframeStamp): EncodedLines {
    const { bytes, ends, count } = lines
    // A newline is a character of its own, so UTF-8 as a whole means UTF-8 in every line.
    const utf8 = this.#json || isUtf8View(bytes)
    const head = Buffer.from(`{"specversion":"1.0","id":${JSON.stringify(stamp.idPrefix).slice(0, -1)}`)
    const out = Buffer.allocUnsafe(this.#sizeLimit(lines, head.length, utf8))
    const starts = new Uint32Array(count)
    const valueEnds = new Uint32Array(count)
    const lineOf = new Uint32Array(count)
    const rejected: number[] = []
    let values = 0
    let at = 0
    for (let i = 0, start = 0; i < count; start = ends[i++] ?? 0) {
      const end = (ends[i] ?? 0) - 1
      if (this.#json && !isJson(bytes, start, end)) {
        rejected.push(i)
        continue
      }
      starts[values] = at
      lineOf[values] = i
      out.set(head, at)
      at = putDecimal(out, at + head.length, stamp.number(i))
      if (this.#json) {
        at = put(out, at, this.#embedded.at(stamp.time(i)))
        out.set(bytes.subarray(start, end), at)
        at += end - start
      } else {
        if (utf8 || isUtf8(bytes, start, end)) {
          at = put(out, at, this.#text.at(stamp.time(i)))
          at = escapeInto(out, at, bytes, start, end)
        } else {
          at = put(out, at, this.#binary.at(stamp.time(i)))
          at += out.write(Buffer.from(bytes.subarray(start, end)).toString('base64'), at, 'latin1')
        }
        out[at++] = QUOTE
      }
      out[at++] = CLOSE_BRACE
      valueEnds[values++] = at
    }
    return {
      count: values,
      bytes: out.subarray(0, at),
      starts: starts.subarray(0, values),
      ends: valueEnds.subarray(0, values),
      lines: lineOf.subarray(0, values),
      rejected,
    }
  }

  /** Never less than what is written, so that the output needs no growing. */
  #sizeLimit({ bytes, count }: Lines, headLength: number, utf8: boolean): number {
    const envelope = headLength + DIGITS_MAX + this.#binary.length + 2
    if (this.#json) return count * envelope + bytes.length
    const base64 = utf8 ? 0 : Math.ceil(bytes.length / 3) * 4 + count * 4
    return count * envelope + escapedLength(bytes, 0, bytes.length) + base64
  }
}

const DAY = 86_400_000
const YEAR_10000 = 253_402_300_800_000
const ISO_LENGTH = '1970-01-01T00:00:00.000Z'.length

/** What stands between the id's number and the data, with a place for the time that is written only when it changes. */
class Middle {
  readonly #timed: Buffer
  readonly #untimed: Buffer
  readonly #hole: number
  #day = NaN
  #time: Millis = NaN

  constructor(source: string, contentType: string, data: string) {
    const before = `","source":${JSON.stringify(source)},"type":"${DATAFRAME_TYPE}",`
    const after = `"datacontenttype":"${contentType}",${data}`
    const timed = `${before}"time":"`
    this.#untimed = Buffer.from(before + after)
    this.#timed = Buffer.from(`${timed}${' '.repeat(ISO_LENGTH)}",${after}`)
    this.#hole = Buffer.byteLength(timed)
  }

  get length(): number {
    return this.#timed.length
  }

  at(time: Millis): Buffer {
    if (!(time >= 0 && time < YEAR_10000)) return this.#untimed
    if (time !== this.#time) this.#setTime(time)
    return this.#timed
  }

  #setTime(time: Millis): void {
    this.#time = time
    const day = Math.floor(time / DAY)
    if (day !== this.#day) {
      this.#day = day
      this.#timed.write(new Date(day * DAY).toISOString(), this.#hole, 'latin1')
    }
    const rest = Math.floor(time) - day * DAY
    const at = this.#hole + 'YYYY-MM-DDT'.length
    putDigits(this.#timed, at, Math.floor(rest / 3_600_000), 2)
    putDigits(this.#timed, at + 3, Math.floor(rest / 60_000) % 60, 2)
    putDigits(this.#timed, at + 6, Math.floor(rest / 1000) % 60, 2)
    putDigits(this.#timed, at + 9, rest % 1000, 3)
  }
}

function put(out: Buffer, at: number, bytes: Buffer): number {
  out.set(bytes, at)
  return at + bytes.length
}

function putDecimal(out: Buffer, at: number, value: number): number {
  let digits = 1
  for (let limit = 10; value >= limit; limit *= 10) digits++
  putDigits(out, at, value, digits)
  return at + digits
}

function putDigits(out: Buffer, at: number, value: number, digits: number): void {
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = Math.floor(value / 10)
    out[i] = 0x30 + (value - tens * 10)
    value = tens
  }
}
