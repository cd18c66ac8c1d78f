// The fields of Kafka's consumer protocol: big-endian, without the compact forms.
import { AgentError } from '../../domain/errors.ts'
import type { TopicPartition } from '../../domain/stream/line-batch.ts'

const unreadable = (why: string): AgentError => new AgentError('FAILED', `cannot read consumer group metadata: ${why}`)

/** Throws AgentError FAILED when the bytes end before their fields do. */
export class FieldReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  string(): string {
    const length = this.int16()
    if (length < 0) throw unreadable('a name is missing')
    return this.raw(length).toString()
  }

  /** null is an empty one. */
  bytes(): Buffer {
    return this.raw(Math.max(0, this.int32()))
  }

  raw(length: number): Buffer {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  array<T>(read: () => T): T[] {
    const count = this.int32()
    // Every item has at least one byte: a count that lies must not allocate.
    if (count > this.left) throw unreadable('it is cut short')
    return Array.from({ length: Math.max(0, count) }, read)
  }

  partitions(): TopicPartition[] {
    return this.array(() => {
      const topic = this.string()
      return this.array(() => ({ topic, partition: this.int32() }))
    }).flat()
  }

  #take(size: number): number {
    if (size > this.left) throw unreadable('it is cut short')
    const at = this.#at
    this.#at += size
    return at
  }
}

// Big endian, as all of the protocol; strings and bytes begin with their length, lists with their number.

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const string = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([int16(bytes.length), bytes])
}

export const bytes = (value: Uint8Array): Buffer => Buffer.concat([int32(value.length), value])

export const array = <T>(items: readonly T[], write: (item: T) => Buffer): Buffer =>
  Buffer.concat([int32(items.length), ...items.map(write)])

export const partitions = (topics: ReadonlyMap<string, readonly number[]>): Buffer =>
  array([...topics], ([topic, list]) => Buffer.concat([string(topic), array(list, int32)]))
