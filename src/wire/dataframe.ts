// Lines become dataframes: CloudEvents 1.0 in JSON, written as bytes into one piece of memory per batch.
import { isUtf8 as isUtf8View } from 'node:buffer'
import { isJson } from '../domain/stream/json-text.ts'
import type { Lines } from '../domain/stream/lines.ts'
import { YEAR_10000, type Millis } from '../domain/time.ts'
import { takeFrom, type BufferPool } from './buffer-pool.ts'
import { escapedLength, escapeInto, isUtf8 } from './json-bytes.ts'
import { ValueIndex } from './value-index.ts'

export const DATAFRAME_TYPE = 'pidpiper.record.v1'

/** The Kafka header `content-type` of a dataframe. */
export const DATAFRAME_CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8'

/** What tells the lines of one batch apart. */
export interface DataframeStamp {
  /** The id up to its number: `<INSTANCE_ID>-<incarnation>-` in relay, `<topic>-<partition>-` in one-to-one. */
  readonly idPrefix: string
  /** The number at the end of line `index`'s id: a sequence number or an offset. */
  number(index: number): number
  /** A second number behind the first, `-<n>`: tells the answers of one record apart. null: there is one answer. */
  readonly ordinal: ((index: number) => number) | null
  /** Ms since the epoch; outside the years 1970 to 9999 (Kafka's -1 for "none") the event has no time. */
  time(index: number): Millis
}

/** Values laid out as in a ValueBatch. */
export interface EncodedLines {
  readonly count: number
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Index of the line in each value; null where that is the value's own index. */
  readonly lines: Uint32Array | null
  /** Bytes of all values together. */
  readonly valueBytes: number
  /** Indices of lines that are no JSON though OUTPUT_JSON says so. */
  readonly rejected: readonly number[]
  /** Gives the memory of the values back, where it is from a pool: for whoever is the last to look at them. */
  readonly recycle: () => void
}

const CLOSE_BRACE = 0x7d
const QUOTE = 0x22
/** More than one byte of a line can become: a control character is written as six. */
const WORST = 6
/** Lines up to this length are not measured before they are written: there is room for their worst case. */
const UNMEASURED = 1024
const ROOM = WORST * UNMEASURED + 16

/**
 * Encodes lines with the fields specversion, id, source, type, time, datacontenttype, data or data_base64, in that
 * order. With `json` the line's own bytes are embedded, blanks included (`application/json`); without it the line is a
 * JSON string (`text/plain`), or base64 where it is not UTF-8 (`application/octet-stream`).
 */
export class DataframeEncoder {
  readonly #json: boolean
  readonly #pool: BufferPool | null
  readonly #embedded: Envelope
  readonly #text: Envelope
  readonly #binary: Envelope

  /** `source`: a URI reference, `/<service name>/<INSTANCE_ID>`. `pool`: where the memory of values is taken from. */
  constructor(options: { readonly source: string; readonly json: boolean }, pool: BufferPool | null = null) {
    this.#json = options.json
    this.#pool = pool
    this.#embedded = new Envelope(options.source, 'application/json', '"data":')
    this.#text = new Envelope(options.source, 'text/plain', '"data":"')
    this.#binary = new Envelope(options.source, 'application/octet-stream', '"data_base64":"')
  }

  encode(lines: Lines, stamp: DataframeStamp): EncodedLines {
    const { bytes, ends, count } = lines
    // A newline is a character of its own, so UTF-8 as a whole means UTF-8 in every line.
    const utf8 = this.#json || isUtf8View(bytes)
    const envelopeMax = this.#binary.lengthMax(stamp.idPrefix)
    let out: Buffer = takeFrom(this.#pool)(
      count * (envelopeMax + 2) + Math.ceil(bytes.length * (this.#json ? 1 : 1.2)) + ROOM,
    )
    const index = new ValueIndex(count, this.#pool)
    const { starts, ends: valueEnds } = index
    const lineOf = this.#json ? new Uint32Array(count) : null
    const rejected: number[] = []
    let values = 0
    let at = 0
    for (let i = 0, start = 0; i < count; start = ends[i++] ?? 0) {
      const end = (ends[i] ?? 0) - 1
      if (this.#json && !isJson(bytes, start, end)) {
        rejected.push(i)
        continue
      }
      const room = envelopeMax + 2 + this.#lengthMax(bytes, start, end)
      if (at + room > out.length) out = this.#grown(out, at, room)
      starts[values] = at
      if (lineOf) {
        lineOf[values] = i
        at = put(out, at, this.#embedded.with(stamp, i))
        out.set(bytes.subarray(start, end), at)
        at += end - start
      } else {
        if (utf8 || isUtf8(bytes, start, end)) {
          at = put(out, at, this.#text.with(stamp, i))
          at = escapeInto(out, at, bytes, start, end)
        } else {
          at = put(out, at, this.#binary.with(stamp, i))
          at += out.write(Buffer.from(bytes.subarray(start, end)).toString('base64'), at, 'latin1')
        }
        out[at++] = QUOTE
      }
      out[at++] = CLOSE_BRACE
      valueEnds[values++] = at
    }
    const pool = this.#pool
    return {
      count: values,
      bytes: out.subarray(0, at),
      starts: starts.subarray(0, values),
      ends: valueEnds.subarray(0, values),
      lines: rejected.length === 0 ? null : (lineOf?.subarray(0, values) ?? null),
      valueBytes: at,
      rejected,
      recycle: () => {
        pool?.give(out)
        index.recycle()
      },
    }
  }

  #grown(out: Buffer, used: number, more: number): Buffer {
    const wider = takeFrom(this.#pool)(Math.ceil((used + more) * 1.5))
    out.copy(wider, 0, 0, used)
    this.#pool?.give(out)
    return wider
  }

  /** Never less than what the line becomes. */
  #lengthMax(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (this.#json) return length
    if (length <= UNMEASURED) return WORST * length + 4
    return Math.max(escapedLength(bytes, start, end), Math.ceil(length / 3) * 4)
  }
}

const DIGITS_MAX = 16
const DAY = 86_400_000
const ISO_LENGTH = '1970-01-01T00:00:00.000Z'.length

/**
 * Everything before the data. It lies ready from line to line; only the digits of its number and of its time are
 * written anew where they differ.
 */
class Envelope {
  readonly #source: string
  readonly #rest: string
  #bytes = Buffer.alloc(0)
  #idPrefix: string | null = null
  #number = NaN
  #digits = 0
  #numberAt = 0
  /** Of the number behind the number; 0 where there is none. */
  #ordinalDigits = 0
  #isTimed = false
  #timeAt = 0
  #day = NaN
  #time: Millis = NaN

  constructor(source: string, contentType: string, data: string) {
    this.#source = `","source":${JSON.stringify(source)},"type":"${DATAFRAME_TYPE}",`
    this.#rest = `"datacontenttype":"${contentType}",${data}`
  }

  /** With an id of any number, and a time. */
  lengthMax(idPrefix: string): number {
    return (
      Buffer.byteLength(beginning(idPrefix) + this.#source + `"time":"",${this.#rest}`) +
      2 * DIGITS_MAX +
      1 +
      ISO_LENGTH
    )
  }

  /** The envelope of line `index`; holds until the next call. */
  with(stamp: DataframeStamp, index: number): Buffer {
    const { idPrefix } = stamp
    const number = stamp.number(index)
    const time = stamp.time(index)
    const ordinal = stamp.ordinal?.(index) ?? null
    const isTimed = time >= 0 && time < YEAR_10000
    const isNext = number === this.#number + 1 && number % 10 !== 0
    const digits = isNext ? this.#digits : digitsOf(number)
    const ordinalDigits = ordinal === null ? 0 : digitsOf(ordinal)
    if (
      idPrefix !== this.#idPrefix ||
      digits !== this.#digits ||
      isTimed !== this.#isTimed ||
      ordinalDigits !== this.#ordinalDigits
    ) {
      this.#layOut(idPrefix, digits, ordinalDigits, isTimed)
    }
    if (isNext) this.#bytes[this.#numberAt + digits - 1] = 0x30 + (number % 10)
    else putDigits(this.#bytes, this.#numberAt, number, digits)
    if (ordinal !== null) putDigits(this.#bytes, this.#numberAt + digits + 1, ordinal, ordinalDigits)
    this.#number = number
    if (isTimed && time !== this.#time) this.#setTime(time)
    return this.#bytes
  }

  #layOut(idPrefix: string, digits: number, ordinalDigits: number, isTimed: boolean): void {
    const head = beginning(idPrefix)
    const numbers = '0'.repeat(digits) + (ordinalDigits === 0 ? '' : `-${'0'.repeat(ordinalDigits)}`)
    const before = head + numbers + this.#source
    this.#bytes = Buffer.from(before + (isTimed ? `"time":"${' '.repeat(ISO_LENGTH)}",` : '') + this.#rest)
    this.#idPrefix = idPrefix
    this.#digits = digits
    this.#ordinalDigits = ordinalDigits
    this.#isTimed = isTimed
    this.#numberAt = Buffer.byteLength(head)
    this.#timeAt = Buffer.byteLength(`${before}"time":"`)
    this.#day = NaN
    this.#time = NaN
    putDigits(this.#bytes, this.#numberAt, this.#number, digits)
  }

  #setTime(time: Millis): void {
    this.#time = time
    const day = Math.floor(time / DAY)
    if (day !== this.#day) {
      this.#day = day
      this.#bytes.write(new Date(day * DAY).toISOString(), this.#timeAt, 'latin1')
    }
    const rest = Math.floor(time) - day * DAY
    const at = this.#timeAt + 'YYYY-MM-DDT'.length
    putDigits(this.#bytes, at, Math.floor(rest / 3_600_000), 2)
    putDigits(this.#bytes, at + 3, Math.floor(rest / 60_000) % 60, 2)
    putDigits(this.#bytes, at + 6, Math.floor(rest / 1000) % 60, 2)
    putDigits(this.#bytes, at + 9, rest % 1000, 3)
  }
}

const beginning = (idPrefix: string): string => `{"specversion":"1.0","id":${JSON.stringify(idPrefix).slice(0, -1)}`

function put(out: Buffer, at: number, bytes: Buffer): number {
  out.set(bytes, at)
  return at + bytes.length
}

function digitsOf(value: number): number {
  let digits = 1
  for (let limit = 10; value >= limit; limit *= 10) digits++
  return digits
}

function putDigits(out: Buffer, at: number, value: number, digits: number): void {
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = Math.floor(value / 10)
    out[i] = 0x30 + (value - tens * 10)
    value = tens
  }
}
