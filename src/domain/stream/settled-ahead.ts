import { workerOfRecord } from './dealing.ts'
import type { LineBatch } from './line-batch.ts'

/** Of nobody: such a record is in no worker's part. */
export const NOBODY = 0xffff

interface Layer {
  /** By worker, of as many as there were: everything of its own below is settled. */
  readonly positions: readonly number[]
  readonly until: number
}

/**
 * What workers that are no more had settled of a partition, beyond what could be committed: those after them need not do
 * it again.
 */
export class SettledAhead {
  #layers: Layer[] = []

  /** `positions` by worker, of all that shared the partition. */
  add(positions: readonly number[]): void {
    this.#layers.push({ positions, until: Math.max(...positions) })
  }

  /** Nothing below `offset` will be read again. */
  forget(offset: number): void {
    if (this.#layers.length > 0) this.#layers = this.#layers.filter(({ until }) => until > offset)
  }

  /** Whether some of the batch may be settled. */
  concerns({ firstOffset }: LineBatch): boolean {
    return this.#layers.some(({ until }) => until > firstOffset)
  }

  /** Takes the records that are settled from their workers. */
  strike({ count, offsets, context }: LineBatch, owners: Uint16Array): void {
    for (let i = 0; i < count; i++) {
      const offset = offsets[i] ?? 0
      const isSettled = this.#layers.some(({ positions, until }) => {
        if (offset >= until) return false
        return offset < (positions[workerOfRecord(context.key(i), offset, positions.length)] ?? 0)
      })
      if (isSettled) owners[i] = NOBODY
    }
  }
}
