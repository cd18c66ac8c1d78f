import type { LineBatch } from './line-batch.ts'

/** Which records of one batch the next `count` lines of output answer. */
export interface Attribution {
  readonly batch: LineBatch
  /** The partition was given away meanwhile: the lines are swallowed. */
  readonly orphan: boolean
  readonly count: number
  /** Line `i` answers record `from + i`, unless `mapped` says otherwise. */
  readonly from: number
  /** Line `i` is answer number `ordinals[i]`, counted from 0, of record `records[i]`. */
  readonly mapped: { readonly records: Uint32Array; readonly ordinals: Uint32Array } | null
}

/** Index of the record that line `index` answers. */
export const recordOf = ({ mapped, from }: Attribution, index: number): number =>
  mapped === null ? from + index : (mapped.records[index] ?? 0)

/** Both as one, where the second goes on where the first ends; else null. */
export function joinedAttribution(one: Attribution, next: Attribution): Attribution | null {
  if (one.batch !== next.batch || one.orphan !== next.orphan) return null
  const count = one.count + next.count
  if (one.mapped === null || next.mapped === null) {
    return one.mapped === next.mapped && one.from + one.count === next.from ? { ...one, count } : null
  }
  const records = joinedNumbers(one.mapped.records, next.mapped.records)
  return { ...one, count, mapped: { records, ordinals: joinedNumbers(one.mapped.ordinals, next.mapped.ordinals) } }
}

function joinedNumbers(one: Uint32Array, next: Uint32Array): Uint32Array {
  const joined = new Uint32Array(one.length + next.length)
  joined.set(one)
  joined.set(next, one.length)
  return joined
}

/** Collects which record each of a row of lines answers. */
export class AttributionList {
  readonly #done: Attribution[] = []
  #batch: LineBatch | null = null
  #orphan = false
  #records: number[] = []
  #ordinals: number[] = []

  add(batch: LineBatch, orphan: boolean, record: number, ordinal: number): void {
    if (batch !== this.#batch || orphan !== this.#orphan) {
      this.#close()
      this.#batch = batch
      this.#orphan = orphan
    }
    this.#records.push(record)
    this.#ordinals.push(ordinal)
  }

  finish(): readonly Attribution[] {
    this.#close()
    return this.#done
  }

  #close(): void {
    if (this.#batch === null || this.#records.length === 0) return
    this.#done.push({
      batch: this.#batch,
      orphan: this.#orphan,
      count: this.#records.length,
      from: 0,
      mapped: { records: Uint32Array.from(this.#records), ordinals: Uint32Array.from(this.#ordinals) },
    })
    this.#records = []
    this.#ordinals = []
  }
}
