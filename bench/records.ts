// The records of the benchmark, and the proof that all of them came out.

const DIGITS = 9
const ID_AT = '{"id":"'.length
const PADDING = 'x'.repeat(1024)

/** Record `index`: one JSON document of `bytes` bytes (100 to 1024), different from every other one. */
export function record(index: number, bytes: number): string {
  const head = `{"id":"${String(index).padStart(DIGITS, '0')}","sensor":"s${index % 50}","celsius":${index % 40},"pad":"`
  return `${head}${PADDING.slice(0, bytes - head.length - 2)}"}`
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
  readonly #bytes: number
  readonly #format: 'raw' | 'dataframe'
  #distinct = 0
  #duplicates = 0
  #foreign = 0

  constructor(records: number, bytes: number, format: 'raw' | 'dataframe') {
    this.#seen = new Uint8Array(records)
    this.#bytes = bytes
    this.#format = format
  }

  add(value: string): void {
    const line = this.#format === 'raw' ? value : dataOf(value)
    const index = Number(line.slice(ID_AT, ID_AT + DIGITS))
    const seen = this.#seen[index]
    if (seen === undefined || line !== record(index, this.#bytes)) this.#foreign++
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
}

/** The Calculator's line of a dataframe, whether it travels as a string or as the JSON that it is. */
function dataOf(dataframe: string): string {
  const event: unknown = JSON.parse(dataframe)
  if (typeof event !== 'object' || event === null || !('data' in event)) return ''
  return typeof event.data === 'string' ? event.data : JSON.stringify(event.data)
}
