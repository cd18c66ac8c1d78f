import type { Flying } from './blame.ts'
import { offsetAfter, type LineBatch } from './line-batch.ts'

interface Piece extends Flying {
  readonly epoch: number
}

/** Beyond so many pieces those of one partition become one: who they were is then known less exactly. */
const PIECES_MAX = 1024

/** What one incarnation was given and is not known to be done, where nothing tells of single records. */
export class HandedOver {
  #pieces: Piece[] = []
  #records = 0

  /** Records, those of partitions given away included. */
  get length(): number {
    return this.#records
  }

  push(batch: LineBatch, from: number, to: number): void {
    if (from >= to) return
    const { topic, partition, epoch } = batch
    const first = batch.offsets[from] ?? batch.firstOffset
    this.#pieces.push({ topic, partition, epoch, first, next: offsetAfter(batch, to - 1), records: to - from })
    this.#records += to - from
    if (this.#pieces.length > PIECES_MAX) this.#compact()
  }

  /** Everything below `offset` in the partition is done. */
  settle(topic: string, partition: number, offset: number): void {
    this.#keep((piece) => piece.topic !== topic || piece.partition !== partition || piece.next > offset)
  }

  forget(topic: string, partition: number): void {
    this.#keep((piece) => piece.topic !== topic || piece.partition !== partition)
  }

  list(): readonly Flying[] {
    return this.#pieces
  }

  #keep(isKept: (piece: Piece) => boolean): void {
    this.#pieces = this.#pieces.filter(isKept)
    this.#records = this.#pieces.reduce((sum, { records }) => sum + records, 0)
  }

  #compact(): void {
    const joined = new Map<string, Piece>()
    for (const piece of this.#pieces) {
      const name = `${piece.topic}/${piece.partition}/${piece.epoch}`
      const known = joined.get(name)
      joined.set(name, known ? { ...known, next: piece.next, records: known.records + piece.records } : piece)
    }
    this.#pieces = [...joined.values()]
  }
}
