// What the stream tells of itself: counters, events, and its part of the snapshot.
import { Advice, type Advised } from '../domain/stream/advice.ts'
import type { LineBatch } from '../domain/stream/line-batch.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { EventRing } from './event-ring.ts'
import type { Lane } from './lane.ts'
import type { Position } from './partition-book.ts'
import type { SilenceFacts } from './patience.ts'
import type { NumberedEvent, StreamCounters } from './snapshot.ts'

type Mutable = { -readonly [K in Exclude<keyof StreamCounters, 'deadLetters' | 'commits'>]: number }

const reasons: Readonly<Record<Advised, string>> = {
  'one-to-one':
    'the Calculator has printed one line per record throughout: PROTOCOL=one-to-one would commit each record by itself, ' +
    'carry keys and headers over, and repeat less after a crash',
  sink: 'the Calculator has printed nothing so far: PROTOCOL=sink says so, and takes its stdout for log',
}

export class StreamReport {
  readonly deadLetters: Record<string, number> = {}
  readonly counters: Mutable = {
    recordsIn: 0,
    recordsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    tombstones: 0,
    oversized: 0,
    partialLines: 0,
    outOfMemory: 0,
    checkpointsProven: 0,
    checkpointsAssumed: 0,
    checkpointsMissed: 0,
    replays: 0,
    violations: 0,
  }
  readonly #advice = new Advice()
  #told: Advised | null = null
  readonly #events: EventRing
  readonly #namespec: string

  constructor(events: EventRing, namespec: string) {
    this.#events = events
    this.#namespec = namespec
  }

  publish(event: string, level: NumberedEvent['level'], message: string, fields: NumberedEvent['fields'] = {}): void {
    this.#events.publish(`stream.${event}`, level, message, { process: this.#namespec, ...fields })
  }

  fetched(batch: LineBatch): void {
    this.counters.recordsIn += batch.count + batch.tombstones
    this.counters.bytesIn += batch.bytes.length
    this.counters.tombstones += batch.tombstones
  }

  written(records: number, bytes: number): void {
    this.counters.recordsOut += records
    this.counters.bytesOut += bytes
  }

  deadLettered(letters: readonly DeadLetter[]): void {
    for (const { reason, facts } of letters) {
      this.deadLetters[reason] = (this.deadLetters[reason] ?? 0) + 1
      this.publish('dead-letter', 'warn', `a record went to the dead letters: ${reason}`, { reason, ...facts })
    }
  }

  outOfMemory(pid: number): void {
    this.counters.outOfMemory++
    const cure = "raise the container's memory limit, or give the Calculator less to hold"
    this.publish('out-of-memory', 'error', `the kernel killed the Calculator for lack of memory: ${cure}`, { pid })
  }

  checkpoint(quality: 'proven' | 'assumed'): void {
    if (quality === 'proven') {
      this.counters.checkpointsProven++
    } else if (++this.counters.checkpointsAssumed === 1) {
      this.publish(
        'checkpoint-assumed',
        'warn',
        'cannot see that the Calculator is done, assuming it after a second of silence; ' +
          'where each record has exactly one answer, PROTOCOL=one-to-one commits exactly',
      )
    }
  }

  /** Said once for each that is advised. */
  observed({ records, lines }: { readonly records: number; readonly lines: number }): void {
    this.#advice.observe(records, lines)
    const { advised } = this.#advice
    if (advised === null || advised === this.#told) return
    this.#told = advised
    this.publish('advice', 'info', reasons[advised], { protocol: advised })
  }

  /** The protocol that the Calculator seems to keep; null while there is not enough evidence for one. */
  get advice(): Advised | null {
    return this.#advice.advised
  }

  missedCheckpoint(): void {
    this.counters.checkpointsMissed++
    this.publish(
      'checkpoint-missed',
      'warn',
      'the Calculator was not seen to finish; nothing is committed, feeding goes on',
    )
  }

  slow(facts: SilenceFacts): void {
    const message = 'no sign of work from the Calculator; ANSWER_TIMEOUT would restart it'
    this.publish('no-answer', 'warn', message, { ...facts })
  }

  hung(facts: SilenceFacts): void {
    this.publish('hung', 'error', 'the Calculator does not answer: it is killed, and its records are tried again', {
      ...facts,
    })
  }

  /** Records that nobody answered, of topics that are not read any more. */
  leftBehind(positions: readonly Position[], topics: readonly string[]): void {
    for (const { topic, partition, offset } of positions) {
      if (topics.includes(topic)) continue
      const message = 'unanswered records of a topic that is not read any more stay uncommitted'
      this.publish('left-behind', 'warn', message, { topic, partition, offset })
    }
  }

  blockBuffered(lane: Lane): void {
    if (lane.blockBuffered) return
    lane.blockBuffered = true
    this.publish(
      'block-buffered',
      'warn',
      'the Calculator keeps back part of a line while it waits for input: its stdout is block-buffered, so nothing more ' +
        'is committed until it ends; flush after each line (PYTHONUNBUFFERED=1, `stdbuf -oL program`, `--line-buffered`)',
      { bytes: lane.partialLength },
    )
  }
}
