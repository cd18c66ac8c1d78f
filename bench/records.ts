// The records of the benchmark, and the proof that all of them came out.

const SIZE = 100
const DIGITS = 9
const ID_AT = '{"id":"'.length

/** Record `index`: one JSON document of 100 B, different from every other one. */
export function record(index: number): string {
  const head = `{"id":"${String(index).padStart(DIGITS, '0')}","sensor":"s${index % 50}","celsius":${index % 40},"pad":"`
  return `${head}${'x'.repeat(SIZE - head.length - 2)}"}`
}

export interface Verdict {
  /** Records that did not come out. */
  readonly missing: number
  /** Further copies of records that did. */
  readonly duplicates: number
  /** Values that are no record of ours, byte for byte. */
  readonly foreign: number
}

/** Counts what came out, whatever its order. */
export class Tally {
  readonly #seen: Uint8Array
  readonly #format: 'raw' | 'dataframe'
  #distinct = 0
  #duplicates = 0
  #foreign = 0

  constructor(records: number, format: 'raw' | 'dataframe') {
    this.#seen = new Uint8Array(records)
    this.#format = format
  }

  add(value: Buffer | null): void {
    const line = this.#lineOf(value)
    const index = Number(line.slice(ID_AT, ID_AT + DIGITS))
    const seen = this.#seen[index]
    if (seen === undefined || line !== record(index)) this.#foreign++
    else if (seen > 0) this.#duplicates++
    else {
      this.#seen[index] = 1
      this.#distinct++
    }
  }

  verdict(): Verdict {
    const { length } = this.#seen
    return { missing: length - this.#distinct, duplicates: this.#duplicates, foreign: this.#foreign }
  }

  #lineOf(value: Buffer | null): string {
    const text = String(value ?? '')
    if (this.#format === 'raw') return text
    const event: unknown = JSON.parse(text)
    return typeof event === 'object' && event !== null && 'data' in event ? String(event.data) : ''
  }
}
