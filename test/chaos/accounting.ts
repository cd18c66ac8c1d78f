// Accounts for every record of a chaos run: three lists of records in, one verdict out. Pure, so that it can be tested
// with lists that are known to be wrong.

/** A record of the output or the dead-letter topic, in the order of its partition. */
export interface Found {
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface Account {
  readonly records: number
  /** Neither in the output nor in the dead letters. */
  readonly missing: number
  /** The first few of them, `partition:number`, for whoever looks for the cause. */
  readonly examples: readonly string[]
  /** Further copies of records that came out. */
  readonly duplicates: number
  /** The Calculator fails on no record: whatever is dead-lettered is innocent. */
  readonly innocentDeadLetters: number
  /** Values that nobody sent, or that came with another record's key. */
  readonly foreign: number
  /** First deliveries that come after a later record of their input partition. */
  readonly disordered: number
}

const EXAMPLES = 5
const PADDING = '.'.repeat(80)

/** The value of record `number` of an input partition: one line of about 100 B that says which record it is. */
export const valueOf = (partition: number, number: number): string =>
  `${partition}:${String(number).padStart(9, '0')}:${PADDING}`

export const keyOf = (partition: number): string => `partition-${partition}`

/** `keyed`: each answer must have the key of its record. */
export class Accounting {
  readonly #seen: readonly Uint16Array[]
  readonly #dead: readonly Uint8Array[]
  /** Per input partition, one past the highest number that came out. */
  readonly #highest: number[]
  readonly #keyed: boolean
  #duplicates = 0
  #letters = 0
  #foreign = 0
  #disordered = 0

  /** `sent`: how many records each input partition holds. */
  constructor(sent: readonly number[], keyed: boolean) {
    this.#seen = sent.map((count) => new Uint16Array(count))
    this.#dead = sent.map((count) => new Uint8Array(count))
    this.#highest = sent.map(() => 0)
    this.#keyed = keyed
  }

  answer(found: Found): void {
    const place = this.#placeOf(found)
    if (place === null || (this.#keyed && String(found.key) !== keyOf(place.partition))) {
      this.#foreign++
      return
    }
    const { partition, number } = place
    const seen = this.#seen[partition] ?? new Uint16Array(1)
    if (seen[number] === 0) {
      const highest = this.#highest[partition] ?? 0
      if (number < highest) this.#disordered++
      else this.#highest[partition] = number + 1
    } else this.#duplicates++
    seen[number] = Math.min((seen[number] ?? 0) + 1, 65_535)
  }

  deadLetter(found: Found): void {
    this.#letters++
    const place = this.#placeOf(found)
    const dead = place && this.#dead[place.partition]
    if (place && dead) dead[place.number] = 1
    else this.#foreign++
  }

  account(): Account {
    const lost = this.#seen.flatMap((seen, partition) =>
      [...seen.keys()]
        .filter((number) => seen[number] === 0 && this.#dead[partition]?.[number] === 0)
        .map((number) => `${partition}:${number}`),
    )
    return {
      records: this.#seen.reduce((sum, { length }) => sum + length, 0),
      missing: lost.length,
      examples: lost.slice(0, EXAMPLES),
      duplicates: this.#duplicates,
      innocentDeadLetters: this.#letters,
      foreign: this.#foreign,
      disordered: this.#disordered,
    }
  }

  #placeOf({ value }: Found): { partition: number; number: number } | null {
    const text = String(value)
    const [partition, number] = text.split(':', 2).map(Number)
    if (partition === undefined || number === undefined || text !== valueOf(partition, number)) return null
    return number < (this.#seen[partition]?.length ?? 0) ? { partition, number } : null
  }
}
