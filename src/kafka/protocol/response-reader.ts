import { AgentError } from '../../domain/errors.ts'

/**
 * Reads the fields of a Kafka response, or of what members of a consumer group send each other through the broker,
 * big-endian. Byte strings are views. Throws AgentError FAILED when the bytes end before their fields do.
 */
export class ResponseReader {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  /** `what` it is, for the error. */
  constructor(bytes: Uint8Array, what = "the broker's answer") {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#what = what
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  /** Exact up to 2^53, which offsets, times and producer ids keep to. */
  int64(): number {
    const at = this.#take(8)
    return this.#bytes.readInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4)
  }

  bigint64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  /** An unsigned varint. */
  varuint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1)] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw this.#unreadable('a number has no end')
  }

  string(): string {
    return this.nullableString() ?? ''
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#text(length)
  }

  compactString(): string {
    return this.compactNullableString() ?? ''
  }

  compactNullableString(): string | null {
    const length = this.varuint() - 1
    return length < 0 ? null : this.#text(length)
  }

  /** A UUID in hexadecimal. */
  uuid(): string {
    const at = this.#take(16)
    return this.#bytes.toString('hex', at, at + 16)
  }

  bytes(): Buffer | null {
    const length = this.int32()
    return length < 0 ? null : this.raw(length)
  }

  compactBytes(): Buffer | null {
    const length = this.varuint() - 1
    return length < 0 ? null : this.raw(length)
  }

  raw(length: number): Buffer {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  array<T>(read: () => T): T[] {
    return this.#items(this.int32(), read)
  }

  compactArray<T>(read: () => T): T[] {
    return this.#items(this.varuint() - 1, read)
  }

  /** The end of each structure of a flexible version; none of the tagged fields is of interest. */
  skipTags(): void {
    this.tagged(NO_TAG, () => null)
  }

  /** As `skipTags`, but for the field that has this tag; null: it is not there. */
  tagged<T>(tag: number, read: (field: ResponseReader) => T): T | null {
    let found: T | null = null
    for (let count = this.varuint(); count > 0; count--) {
      const isWanted = this.varuint() === tag
      const field = this.raw(this.varuint())
      if (isWanted) found = read(new ResponseReader(field, this.#what))
    }
    return found
  }

  #items<T>(count: number, read: () => T): T[] {
    // Every item has at least one byte: a count that lies must not allocate.
    if (count > this.left) throw this.#unreadable('it is cut short')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #text(length: number): string {
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  #take(size: number): number {
    if (size > this.left) throw this.#unreadable('it is cut short')
    const at = this.#at
    this.#at += size
    return at
  }

  #unreadable(why: string): AgentError {
    return new AgentError('FAILED', `cannot read ${this.#what}: ${why}`)
  }
}

const NO_TAG = -1
