import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LineBatch } from '../../domain/stream/line-batch.ts'
import type { OwnedPartition } from './owned-partition.ts'

export interface ReadingHooks {
  /** False while nothing is to be handed over. */
  flowing(): boolean
  partitions(): Iterable<OwnedPartition>
  /** Resolves when the batch has its place in the window. */
  handOver(batch: LineBatch): Promise<void>
  /** The partition can be asked for again. */
  advanced(partition: OwnedPartition): void
  /** What was fetched cannot be read, or not be handed over: the partition has been set back to before it. */
  failed(partition: OwnedPartition, error: unknown): void
}

/** Record bytes that are read at once: about a millisecond. */
const SLICE_BYTES = 256 * 1024
/** Smaller slices need not let others have their turn. */
const SMALL_BYTES = 16 * 1024

/** From what was fetched to lines, in slices, one partition after the other: the loop has other work, too. */
export class Reading {
  readonly #hooks: ReadingHooks
  #running = false

  constructor(hooks: ReadingHooks) {
    this.#hooks = hooks
  }

  /** There may be something to read. */
  wake(): void {
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (let readSome = true; readSome;) {
        readSome = false
        for (const partition of this.#hooks.partitions()) {
          if (!this.#hooks.flowing()) return
          if (!partition.readable) continue
          readSome = true
          const bytes = await this.#read(partition)
          if (bytes > SMALL_BYTES) await nextTurn()
        }
      }
    } finally {
      this.#running = false
    }
  }

  /** Gives the size of what was handed over. */
  async #read(partition: OwnedPartition): Promise<number> {
    const { version } = partition
    if (partition.reader === null) {
      partition.turnOver()
      this.#hooks.advanced(partition)
    }
    const { reader } = partition
    try {
      const lines = (await reader?.next(SLICE_BYTES)) ?? null
      if (version !== partition.version) return 0
      if (lines === null) {
        partition.turnOver()
        this.#hooks.advanced(partition)
        return 0
      }
      this.#handOver(partition, lines)
      return lines.bytes.length
    } catch (error) {
      if (version !== partition.version) return 0
      partition.seek(reader?.position ?? partition.handedOver)
      partition.damaged = true
      this.#hooks.failed(partition, error)
      return 0
    }
  }

  #handOver(partition: OwnedPartition, lines: LineBatch): void {
    const { version } = partition
    partition.handing = true
    this.#hooks.handOver(lines).then(
      () => {
        if (version !== partition.version) return
        partition.handing = false
        partition.damaged = false
        partition.handedOver = lines.nextOffset
        this.wake()
      },
      (error: unknown) => {
        if (version !== partition.version) return
        partition.seek(lines.firstOffset)
        this.#hooks.failed(partition, error)
      },
    )
  }
}
