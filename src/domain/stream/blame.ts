import type { Death } from './death.ts'
import { nameOf, type TopicPartition } from './line-batch.ts'

/** Offsets [first, next) of a partition that are in flight, and how many records they hold. */
export interface Flying extends TopicPartition {
  readonly first: number
  readonly next: number
  readonly records: number
}

/** A record that is to be dead-lettered instead of fed. */
export interface Condemned extends TopicPartition {
  readonly offset: number
  /** Calculators that it killed alone. */
  readonly attempts: number
}

interface Suspicion {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Deaths with this record alone in flight; with one that is being tried, where that was written down before. */
  attempts: number
}

/**
 * Which record kills Calculators? Nothing else in the agent decides that a record is to blame.
 *
 * Laws, each a property test:
 * 1. A record is condemned only after `attempts` deaths with no other record in flight.
 * 2. One that kills every Calculator is condemned after at most log2 of the records in flight (rounded up), and
 *    `attempts`, further deaths.
 * 3. Deaths from outside change nothing: whoever was in flight.
 * 4. When no suspect is left, nothing limits the flow any more.
 */
export class Blame {
  /** In flight at the last death, and not done since. */
  #suspects: Flying[] = []
  /** Records that may be in flight at once; Infinity without suspects. */
  #limit = Infinity
  readonly #alone = new Map<string, Suspicion>()
  /** Until they are settled: a crash before that has them fetched again. */
  #condemned: Condemned[] = []

  /** Records that may be in flight at once while suspects are looked through. */
  get limit(): number {
    return this.#limit
  }

  get isolating(): boolean {
    return this.#suspects.length > 0
  }

  /**
   * A Calculator died with `flying` in flight. `stepwise`: answers settle records one by one, so that suspects can be
   * tried one at a time at no cost; else half of them at a time. Returns the record that has now killed `attempts`.
   */
  died(death: Death, flying: readonly Flying[], attempts: number, stepwise: boolean): Condemned | null {
    if (death !== 'crash' && death !== 'out-of-memory') return null
    const records = flying.reduce((sum, range) => sum + range.records, 0)
    if (records === 0) return null
    if (records > 1) {
      this.#suspects = flying.filter((range) => range.records > 0)
      this.#limit = stepwise ? 1 : Math.ceil(records / 2)
      return null
    }
    const only = flying.find((range) => range.records === 1)
    if (!only) return null
    const suspicion = this.#suspicion(only)
    suspicion.attempts++
    if (suspicion.attempts >= attempts) return this.#condemn(suspicion)
    this.#suspects = [only]
    this.#limit = 1
    return null
  }

  /** Nothing of the partition below `position` is open any more. Unless `forGood`, it may all be read again. */
  settled(at: TopicPartition, position: number, forGood = true): void {
    if (forGood && (this.#alone.get(nameOf(at))?.offset ?? Infinity) < position) this.#alone.delete(nameOf(at))
    if (forGood && this.#condemned.length > 0) {
      this.#condemned = this.#condemned.filter((each) => !isOf(each, at) || each.offset >= position)
    }
    if (this.#suspects.length === 0) return
    this.#keep((range) => !isOf(range, at) || range.next > position)
  }

  /** The partition is given away. */
  forget(at: TopicPartition): void {
    this.#alone.delete(nameOf(at))
    this.#condemned = this.#condemned.filter((each) => !isOf(each, at))
    this.#keep((range) => !isOf(range, at))
  }

  /** All partitions are given away. */
  clear(): void {
    this.#alone.clear()
    this.#condemned = []
    this.#keep(() => false)
  }

  /** The records that are to be dead-lettered among offsets [first, next) of the partition. */
  condemnedIn(at: TopicPartition, first: number, next: number): readonly Condemned[] {
    if (this.#condemned.length === 0) return this.#condemned
    return this.#condemned.filter((each) => isOf(each, at) && each.offset >= first && each.offset < next)
  }

  /** How often a record that is about to be tried has killed a Calculator alone; 0 for one that has not. */
  attemptsOf(at: TopicPartition, offset: number): number {
    const suspicion = this.#alone.get(nameOf(at))
    return suspicion?.offset === offset ? suspicion.attempts : 0
  }

  /**
   * What the last owner of the partition wrote down: its suspect is tried alone from the start, or condemned at
   * once where that was its last try. Anything else in `metadata` is not ours, and means nothing.
   */
  noted(at: TopicPartition, metadata: string, attempts: number): Condemned | null {
    const known = parsed(metadata)
    if (!known) return null
    const suspicion = { topic: at.topic, partition: at.partition, offset: known.offset, attempts: known.attempts }
    if (known.attempts >= attempts) return this.#condemn(suspicion)
    this.#alone.set(nameOf(at), suspicion)
    this.#suspects.push({ ...suspicion, first: known.offset, next: known.offset + 1, records: 1 })
    this.#limit = 1
    return null
  }

  /**
   * What is written down with the commit of `position`; empty without a suspect from there on. `trying`: it is about to be tried
   * once more, which must not be forgotten if the agent dies with it.
   */
  metadata(at: TopicPartition, position: number, trying: boolean): string {
    const known = this.condemnedIn(at, position, Infinity)[0] ?? this.#alone.get(nameOf(at))
    if (!known || known.offset < position || known.attempts === 0) return ''
    return JSON.stringify({ v: 1, o: known.offset, a: known.attempts + (trying ? 1 : 0) })
  }

  /** A child that waits for more before it answers holds nothing to blame: more may be in flight. */
  widen(): void {
    if (this.#limit !== Infinity) this.#limit *= 2
  }

  #suspicion({ topic, partition, first }: Flying): Suspicion {
    const known = this.#alone.get(nameOf({ topic, partition }))
    if (known?.offset === first) return known
    const suspicion = { topic, partition, offset: first, attempts: 0 }
    this.#alone.set(nameOf({ topic, partition }), suspicion)
    return suspicion
  }

  #condemn({ topic, partition, offset, attempts }: Suspicion): Condemned {
    this.#alone.delete(nameOf({ topic, partition }))
    this.#keep((range) => !(isOf(range, { topic, partition }) && range.first === offset))
    const condemned = { topic, partition, offset, attempts }
    this.#condemned = [...this.#condemned, condemned].sort((a, b) => a.offset - b.offset)
    return condemned
  }

  #keep(isKept: (range: Flying) => boolean): void {
    this.#suspects = this.#suspects.filter(isKept)
    if (this.#suspects.length === 0) this.#limit = Infinity
  }
}

const isOf = (what: TopicPartition, { topic, partition }: TopicPartition): boolean =>
  what.topic === topic && what.partition === partition

function parsed(metadata: string): { readonly offset: number; readonly attempts: number } | null {
  if (!metadata.startsWith('{')) return null
  let found: unknown
  try {
    found = JSON.parse(metadata)
  } catch {
    return null
  }
  if (typeof found !== 'object' || found === null || !('v' in found && 'o' in found && 'a' in found)) return null
  const { v, o, a } = found
  return v === 1 && isCount(o) && isCount(a) && a > 0 ? { offset: o, attempts: a } : null
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
