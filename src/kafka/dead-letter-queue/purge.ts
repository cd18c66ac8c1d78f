import type { Letter } from '../../domain/dead-letters/letter.ts'
import type { ReplayMarks } from '../../domain/dead-letters/replay-marks.ts'
import { EVERYTHING, isSelected, type Span } from '../../domain/dead-letters/selection.ts'
import { AgentError } from '../../domain/errors.ts'
import type { Millis } from '../../domain/time.ts'
import { refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { deleteRecords } from './delete-records.ts'
import type { ReplayJournal } from './journal.ts'
import type { DeadLetterTopic } from './topic.ts'

/** Up to where: everything that is there now, what was written before an instant, or what lies before an offset. */
export type PurgeLimit = 'all' | { readonly before: Millis } | { readonly offset: number }

export interface PurgeRequest {
  readonly limit: PurgeLimit
  readonly partition: number | null
  /** Letters of these reasons only; empty: any. */
  readonly reasons: readonly string[]
  /** Only what was replayed. */
  readonly replayed: boolean
}

/** What a purge would do to one partition. */
export interface PurgePlan {
  /** Offsets that are to be deleted; none where `from` is `to`. */
  readonly span: Span
  /** The offset after the last letter that is there now. */
  readonly end: number
  /** The letter within the limit that ends the purge, since it is to be kept; null when the limit does. */
  readonly keeps: Letter | null
}

/** Kafka deletes from the front of a partition only: a purge ends at the first letter that is to be kept. */
export class Purge {
  readonly #topic: DeadLetterTopic
  readonly #journal: ReplayJournal
  readonly #cluster: KafkaCluster

  constructor(topic: DeadLetterTopic, journal: ReplayJournal, cluster: KafkaCluster) {
    this.#topic = topic
    this.#journal = journal
    this.#cluster = cluster
  }

  /**
   * What would be deleted. Letters that come later are never part of it. `advance` is told how many letters were looked
   * at. Throws AgentError BAD_USAGE for an offset without a partition where there are several.
   */
  async plan(request: PurgeRequest, advance: (looked: number) => void): Promise<PurgePlan[]> {
    const { limit, partition } = request
    const spans = await this.#topic.spans({ ...EVERYTHING, partition })
    if (typeof limit === 'object' && 'offset' in limit && spans.length > 1) {
      throw new AgentError('BAD_USAGE', `an offset belongs to one of ${spans.length} partitions: add --partition N`)
    }
    // After the ends were looked up: where no record is young enough by now, all that were there are older.
    const young =
      typeof limit === 'object' && 'before' in limit
        ? await this.#topic.offsets(
            spans.map((span) => span.partition),
            limit.before,
          )
        : null
    const plans: PurgePlan[] = []
    let looked = 0
    for (const { partition: each, from, to: end } of spans) {
      const point = young?.get(each) ?? (typeof limit === 'object' && 'offset' in limit ? limit.offset : -1)
      const to = point < 0 ? end : Math.max(from, Math.min(point, end))
      const keeps = await this.#firstKept({ partition: each, from, to }, request, (count) => advance(looked + count))
      looked += to - from
      plans.push({ span: { partition: each, from, to: keeps ? keeps.offset : to }, end, keeps })
    }
    return plans
  }

  /** Throws AgentError FAILED where the broker refuses, such as for a topic with cleanup.policy=compact. */
  async delete({ partition, from, to }: Span): Promise<void> {
    if (to <= from) return
    const { topic, topics } = this.#topic
    await this.#topic.patiently(`cannot delete from partition ${partition} of`, async () => {
      const leader = topics.leaderOf({ topic, partition })
      if (!leader) throw topics.leaderProblem(topic)
      const { error } = await this.#cluster.send(leader.leader, deleteRecords(topic, partition, to))
      refuse(error)
    })
  }

  async #firstKept(
    span: Span,
    { reasons, replayed }: PurgeRequest,
    advance: (looked: number) => void,
  ): Promise<Letter | null> {
    if (reasons.length === 0 && !replayed) return null
    const marks = replayed ? await this.#journal.load(span.partition) : null
    let looked = 0
    for await (const letters of this.#topic.read(span)) {
      const kept = letters.find((letter) => !goes(letter, reasons, marks))
      if (kept) return kept
      advance((looked += letters.length))
    }
    return null
  }
}

const goes = (letter: Letter, reasons: readonly string[], marks: ReplayMarks | null): boolean =>
  isSelected({ ...EVERYTHING, reasons }, letter) && (marks === null || marks.has(letter.offset, letter.reason))
