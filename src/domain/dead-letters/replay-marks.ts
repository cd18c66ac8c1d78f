/** Offsets [from, to): every letter of one reason in there was replayed. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Kafka takes 4096 bytes with a committed offset unless `offset.metadata.max.bytes` says otherwise. */
const MAX_TEXT = 4000

/**
 * Which letters of one partition were replayed. Reasons are replayed one by one, so there is more to it than a
 * position.
 *
 * Laws, each a property test:
 * 1. Exactly what was told as sent is marked, in whatever selections and order of runs.
 * 2. What is told in one run over all letters, all of them sent, is one number.
 * 3. Written and read again, the marks are the same.
 */
export class ReplayMarks {
  /** Every letter below is done. */
  #low: number
  readonly #ranges: Map<string, Range[]>
  /** Where the present run left the last replayed letter of each reason, with none of that reason left out since. */
  readonly #open = new Map<string, Range>()
  /** Whether `#low` follows the present run: it began at or below it, and no letter was left out since. */
  #gapless = false

  constructor(low: number, ranges: ReadonlyMap<string, readonly Range[]> = new Map()) {
    this.#low = low
    this.#ranges = new Map([...ranges].map(([reason, list]) => [reason, [...list]]))
  }

  /**
   * From what was committed: an offset (-1 for none) and its metadata. Metadata that is not ours counts as none: the
   * offset alone then says what is done, as for any consumer group.
   */
  static parse(offset: number, metadata: string): ReplayMarks {
    return new ReplayMarks(Math.max(0, offset), metadata === '' ? new Map() : rangesOf(metadata))
  }

  /** All letters below it are done. */
  get low(): number {
    return this.#low
  }

  has(offset: number, reason: string): boolean {
    return offset < this.#low || this.#rangeAround(offset, reason) !== undefined
  }

  /** A run begins that will tell of every letter from `offset` on, in order. There is none below `first` any more. */
  begin(offset: number, first: number): void {
    this.#low = Math.max(this.#low, first)
    this.#forgetBelow()
    this.#open.clear()
    this.#gapless = offset <= this.#low
  }

  /** The next letter of the run is replayed, now or before. */
  done(offset: number, reason: string): void {
    if (offset < this.#low) return
    if (this.#gapless) {
      this.#low = offset + 1
      this.#forgetBelow()
      return
    }
    const before = this.#open.get(reason)
    const around = this.#rangeAround(offset, reason)
    const from = before?.from ?? around?.from ?? offset
    const range = { from, to: Math.max(offset + 1, around?.to ?? 0) }
    const others = this.#of(reason).filter((each) => each.to <= range.from || each.from >= range.to)
    this.#ranges.set(reason, [...others, range])
    this.#open.set(reason, range)
  }

  /** The next letter of the run is not replayed. */
  left(reason: string): void {
    this.#gapless = false
    this.#open.delete(reason)
  }

  /** What is to be kept with the offset `low`; null when there is too much of it. */
  text(): string | null {
    const entries = [...this.#ranges].filter(([, list]) => list.length > 0)
    if (entries.length === 0) return ''
    const text = JSON.stringify(Object.fromEntries(entries.map(([reason, list]) => [reason, list.map(pair)])))
    return new TextEncoder().encode(text).length > MAX_TEXT ? null : text
  }

  #of(reason: string): readonly Range[] {
    return this.#ranges.get(reason) ?? []
  }

  #rangeAround(offset: number, reason: string): Range | undefined {
    return this.#of(reason).find(({ from, to }) => from <= offset && offset < to)
  }

  #forgetBelow(): void {
    for (const [reason, list] of this.#ranges) {
      const rest = list.filter(({ to }) => to > this.#low)
      if (rest.length > 0) this.#ranges.set(reason, rest)
      else this.#ranges.delete(reason)
    }
  }
}

const pair = ({ from, to }: Range): readonly [number, number] => [from, to]

function rangesOf(metadata: string): Map<string, Range[]> {
  let parsed: unknown
  try {
    parsed = JSON.parse(metadata)
  } catch {
    // Whoever committed it spoke of something else.
    return new Map()
  }
  if (typeof parsed !== 'object' || parsed === null) return new Map()
  const entries = Object.entries(parsed).map(([reason, list]: [string, unknown]) => {
    const pairs: readonly unknown[] = Array.isArray(list) ? list : []
    return [reason, pairs.flatMap(rangeOf)] as const
  })
  return new Map(entries.filter(([, list]) => list.length > 0))
}

function rangeOf(pair: unknown): Range[] {
  if (!Array.isArray(pair)) return []
  const [from, to] = pair as readonly unknown[]
  return isOffset(from) && isOffset(to) && from < to ? [{ from, to }] : []
}

const isOffset = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value)
