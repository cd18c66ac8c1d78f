import { takeFrom, type BufferPool } from './buffer-pool.ts'

const BYTES = Uint32Array.BYTES_PER_ELEMENT

/** Where each value of a batch begins and ends: two arrays in one memory, which may be from a pool. */
export class ValueIndex {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Nobody looks at the arrays any more; without a pool the collector finds out by itself. */
  readonly recycle: () => void

  constructor(capacity: number, pool: BufferPool | null) {
    const half = capacity * BYTES
    const memory = takeFrom(pool)(2 * half)
    this.starts = new Uint32Array(memory.buffer, memory.byteOffset, capacity)
    this.ends = new Uint32Array(memory.buffer, memory.byteOffset + half, capacity)
    this.recycle = () => pool?.give(memory)
  }
}
