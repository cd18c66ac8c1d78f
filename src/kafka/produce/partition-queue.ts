import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Refusal, ValueBatch } from '../../domain/stream/value-batch.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'

/** One call of `write`, until everything of it is stored or refused. */
export interface Write {
  readonly batch: ValueBatch
  readonly refusals: Refusal[]
  /** Records neither stored nor refused. */
  left: number
  resolve(refusals: readonly Refusal[]): void
  reject(error: Error): void
}

/** Records [from, to) of a write. */
export interface Part {
  readonly write: Write
  readonly from: number
  readonly to: number
  /** About what they take in a record batch, before compression. */
  readonly bytes: number
}

/** A record batch that has its sequence number: whatever happens, it is sent again with the same bytes. */
export interface Sent {
  readonly parts: readonly Part[]
  readonly count: number
  readonly bytes: number
  readonly records: Uint8Array
  /** Sequence number of its first record. */
  readonly sequence: number
  state: 'to-send' | 'on-wire' | 'failed' | 'stored'
  error: unknown
}

/** The broker's limit for idempotent producers: it remembers the last five batches of a partition. */
const IN_FLIGHT = 5
/** Below a broker's default message.max.bytes (1 MiB), with room for an estimate that is wrong. */
export const BATCH_BYTES = 900 * 1024

/** Sequence numbers begin again at 0 after so many. */
const SEQUENCES = 2 ** 31

/** One partition's way out: what waits to be sent, and what was sent and is not stored yet, in order. */
export class PartitionQueue implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Size at which a record batch is full; smaller after a refusal. */
  limit = BATCH_BYTES
  /** Failed sends in a row. */
  failures = 0
  /** Something failed: nothing is sent until all that is on the wire has come back, and the cure is found. */
  stalled = false
  /** What a batch is being made of; null while none is. */
  taking: readonly Part[] | null = null
  /** The cure is being looked for. */
  curing = false
  /** Under which its sequence runs; null: it begins one with the next batch. */
  identity: ProducerIdentity | null = null
  /** The one before: a sequence begun anew under it would be taken for a repetition. */
  #spent: ProducerIdentity | null = null
  #sequence = 0
  /** The broker knows our sequence. */
  #known = false
  #waiting: Part[] = []
  #queuedBytes = 0
  #sent: Sent[] = []

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic
    this.partition = partition
  }

  /** Nothing waits, is on the wire or is not stored. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#sent.length === 0 && this.taking === null
  }

  /** Something may still come back, or a batch is being made. */
  get onWire(): boolean {
    return this.taking !== null || this.#sent.some(({ state }) => state === 'on-wire')
  }

  /** The oldest batch that is not stored. */
  get head(): Sent | undefined {
    return this.#sent[0]
  }

  /**
   * A batch goes out at once while nothing is on its way; under load, when it is full. The first of a sequence goes
   * alone: a broker that does not know the producer would take a later one for the first.
   */
  get due(): boolean {
    if (this.stalled || this.taking !== null) return false
    if (this.#sent.some(({ state }) => state === 'to-send')) return true
    if (this.#waiting.length === 0) return false
    if (this.#sent.length === 0) return true
    return this.#known && this.#sent.length < IN_FLIGHT && this.#queuedBytes >= this.limit
  }

  /** To be sent after everything that waits. */
  push(part: Part): void {
    this.#waiting.push(part)
    this.#queuedBytes += part.bytes
  }

  /** The next batch that has its sequence and is to be sent (again). */
  nextToSend(): Sent | undefined {
    return this.#sent.find(({ state }) => state === 'to-send')
  }

  /** Takes of what waits as much as fits one batch; at least one record. Empty when nothing waits. */
  take(): Part[] {
    const taken: Part[] = []
    let room = this.limit
    while (this.#waiting.length > 0) {
      const [part] = this.#waiting
      if (!part) break
      if (part.bytes <= room) {
        this.#waiting.shift()
        taken.push(part)
        room -= part.bytes
        continue
      }
      const [first, rest] = cut(part, room, taken.length === 0)
      if (first) taken.push(first)
      if (rest) this.#waiting[0] = rest
      else this.#waiting.shift()
      break
    }
    this.#queuedBytes -= sum(taken)
    return taken
  }

  /** Whether a batch may go under `identity`. */
  accepts(identity: ProducerIdentity): boolean {
    return this.#spent !== identity
  }

  /** The sequence number of the next batch under `identity`; a new identity begins at 0. */
  sequence(identity: ProducerIdentity): number {
    if (this.identity !== identity) {
      this.identity = identity
      this.#sequence = 0
      this.#known = false
    }
    return this.#sequence
  }

  /** The batch of `taking` is made, and has its sequence number. Null: it was taken out meanwhile. */
  add(parts: readonly Part[], count: number, records: Uint8Array): Sent | null {
    if (this.taking !== parts) return null
    this.taking = null
    const sequence = this.#sequence
    // Kafka: DefaultRecordBatch.incrementSequence.
    this.#sequence = (sequence + count) % SEQUENCES
    const sent: Sent = { parts, count, bytes: sum(parts), records, sequence, state: 'to-send', error: null }
    this.#sent.push(sent)
    return sent
  }

  /** Takes note that the broker has it, and gives all that is stored up to the first that is not. */
  stored(sent: Sent): Sent[] {
    sent.state = 'stored'
    this.#known = true
    this.failures = 0
    let end = 0
    while (this.#sent[end]?.state === 'stored') end++
    return this.#sent.splice(0, end)
  }

  /** All that failed is to be sent again as it is. */
  resend(): void {
    for (const sent of this.#sent) if (sent.state === 'failed') sent.state = 'to-send'
    this.stalled = false
  }

  /**
   * What is not stored waits again, before the rest, to be made into new batches; stored ones among it are given.
   * `sequence`: where the sequence goes on under the same identity, since the broker refused all from there on; else
   * another identity is needed.
   */
  restart(sequence: number | null = null): Sent[] {
    const stored = this.#sent.filter(({ state }) => state === 'stored')
    const parts = this.#sent.filter(({ state }) => state !== 'stored').flatMap((sent) => sent.parts)
    this.#waiting = [...parts, ...this.#waiting]
    this.#queuedBytes += sum(parts)
    this.#sent = []
    if (sequence === null) this.#spend()
    else this.#sequence = sequence
    this.stalled = false
    return stored
  }

  /** Takes out the oldest batch, which will never be stored. */
  dropHead(): Sent | undefined {
    return this.#sent.shift()
  }

  /** Takes everything out. */
  clear(): Part[] {
    const parts = [
      ...this.#sent.filter(({ state }) => state !== 'stored').flatMap((sent) => sent.parts),
      ...(this.taking ?? []),
      ...this.#waiting,
    ]
    this.taking = null
    this.#sent = []
    this.#waiting = []
    this.#queuedBytes = 0
    this.#spend()
    this.stalled = false
    return parts
  }

  #spend(): void {
    this.#spent = this.identity
    this.identity = null
  }
}

const sum = (parts: readonly Part[]): number => parts.reduce((total, { bytes }) => total + bytes, 0)

/** Length, attributes, two deltas, three counts: about what a record takes besides key, value and headers. */
const RECORD_OVERHEAD = 12

/** Estimated by the first record's key and headers, which are alike within a write, and by where the values lie. */
export function partOf(write: Write, from: number, to: number): Part {
  return { write, from, to, bytes: sizeOf(write, from, to, extraOf(write, from)) }
}

function extraOf({ batch: { context } }: Write, index: number): number {
  const headers = context.headers(index)
  const named = headers.reduce((total, [name, value]) => total + name.length + (value?.length ?? 0) + 4, 0)
  return RECORD_OVERHEAD + (context.key(index)?.length ?? 0) + named
}

const sizeOf = ({ batch: { starts, ends } }: Write, from: number, to: number, extra: number): number =>
  extra * (to - from) + Math.max(0, (ends[to - 1] ?? 0) - (starts[from] ?? 0))

/** Splits a part that is too large for `room`. `force`: the first record goes however large it is. */
function cut({ write, from, to }: Part, room: number, force: boolean): [Part | null, Part | null] {
  const extra = extraOf(write, from)
  let [fits, over] = [from, to]
  while (over - fits > 1) {
    const middle = (fits + over) >>> 1
    if (sizeOf(write, from, middle, extra) <= room) fits = middle
    else over = middle
  }
  if (fits === from && force) fits++
  return [fits > from ? partOf(write, from, fits) : null, fits < to ? partOf(write, fits, to) : null]
}
