const FIRST_SIZE = 256

/**
 * Writes the fields of a Kafka request, big-endian. Large byte strings are taken as they are, without a copy, so that
 * the result comes in pieces.
 */
export class RequestWriter {
  readonly #pieces: Uint8Array[] = []
  #buffer = Buffer.allocUnsafe(FIRST_SIZE)
  /** What of the buffer is already a piece, and where the next field goes. */
  #taken = 0
  #at = 0
  #length = 0

  int8(value: number): this {
    const at = this.#take(1)
    this.#buffer.writeInt8(value, at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  int16(value: number): this {
    const at = this.#take(2)
    this.#buffer.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#take(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  /** Whole numbers up to 2^53, which offsets, times and producer ids keep to; negative ones too. */
  int64(value: number): this {
    const at = this.#take(8)
    this.#buffer.writeInt32BE(Math.floor(value / 2 ** 32), at)
    this.#buffer.writeUInt32BE(value >>> 0, at + 4)
    return this
  }

  /** An unsigned varint. */
  varuint(value: number): this {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.#byte(rest)
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const bytes = Buffer.from(value)
    return this.int16(bytes.length).raw(bytes)
  }

  compactString(value: string | null): this {
    if (value === null) return this.varuint(0)
    const bytes = Buffer.from(value)
    return this.varuint(bytes.length + 1).raw(bytes)
  }

  bytes(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.int32(value.length).raw(value)
  }

  /** Bytes without their length, copied. */
  raw(bytes: Uint8Array): this {
    const at = this.#take(bytes.length)
    this.#buffer.set(bytes, at)
    return this
  }

  /** As `bytes`, but not copied: they must not change before the request is sent. */
  largeBytes(value: Uint8Array): this {
    this.int32(value.length)
    this.#cut()
    this.#pieces.push(value)
    this.#length += value.length
    return this
  }

  array<T>(items: readonly T[] | null, write: (item: T) => unknown): this {
    this.int32(items?.length ?? -1)
    items?.forEach(write)
    return this
  }

  compactArray<T>(items: readonly T[] | null, write: (item: T) => unknown): this {
    this.varuint(items === null ? 0 : items.length + 1)
    items?.forEach(write)
    return this
  }

  /** The end of each structure of a flexible version: no tagged fields. */
  noTags(): this {
    return this.varuint(0)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** Everything written, in order; nothing may be written afterwards. */
  pieces(): readonly Uint8Array[] {
    this.#cut()
    return this.#pieces
  }

  /** The place first: taking it may exchange the buffer. */
  #byte(value: number): void {
    const at = this.#take(1)
    this.#buffer[at] = value
  }

  #cut(): void {
    if (this.#at > this.#taken) this.#pieces.push(this.#buffer.subarray(this.#taken, this.#at))
    this.#taken = this.#at
  }

  #take(size: number): number {
    if (this.#at + size > this.#buffer.length) {
      this.#cut()
      this.#buffer = Buffer.allocUnsafe(Math.max(size, this.#buffer.length * 2))
      this.#taken = 0
      this.#at = 0
    }
    const at = this.#at
    this.#at += size
    this.#length += size
    return at
  }
}
