import { ReplayMarks } from '../../domain/dead-letters/replay-marks.ts'
import { AgentError } from '../../domain/errors.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { BrokerError, refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { Coordinator } from '../group/coordinator.ts'
import { offsetFetch, type CommittedOffset } from '../group/offset-requests.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import { patiently } from './patience.ts'

/** Letters may be kept longer than the broker keeps offsets of a group without members (7 days by default). */
const TEN_YEARS: Millis = 3_653 * 24 * 3_600_000
const NO_GENERATION = -1

type Kept = Omit<CommittedOffset, 'leaderEpoch'>

/** What was replayed is kept as offsets of a consumer group that nobody joins, with more detail in their metadata. */
export class ReplayJournal {
  readonly groupId: string
  readonly #topic: string
  readonly #clock: Clock
  readonly #coordinator: Coordinator
  /** As this journal has read or written it last. */
  readonly #kept = new Map<number, Kept>()

  constructor(topic: string, cluster: KafkaCluster, clock: Clock) {
    this.groupId = `${topic}.replay`
    this.#topic = topic
    this.#clock = clock
    this.#coordinator = new Coordinator({ joining: cluster, talking: cluster }, this.groupId)
  }

  /** Throws AgentError FAILED where the group may not be read, and as `patiently`. */
  async load(partition: number): Promise<ReplayMarks> {
    const kept = await this.#fetch(partition)
    this.#kept.set(partition, kept)
    return ReplayMarks.parse(kept.offset, kept.metadata)
  }

  /** As `load`, but null where this user may not read the group. */
  async loadIfAllowed(partition: number): Promise<ReplayMarks | null> {
    try {
      return await this.load(partition)
    } catch (error) {
      const { cause } = error instanceof AgentError ? error : { cause: null }
      if (cause instanceof BrokerError && cause.type === 'GROUP_AUTHORIZATION_FAILED') return null
      throw error
    }
  }

  /** Throws AgentError FAILED when somebody else has written meanwhile, or when the marks are too long; else as `load`. */
  async save(partition: number, marks: ReplayMarks): Promise<void> {
    const metadata = marks.text()
    if (metadata === null) {
      const cure = 'purge what is replayed, or send the rest with --since and --again'
      throw new AgentError('FAILED', `too many gaps between replayed letters of partition ${partition}: ${cure}`)
    }
    await this.expectUntouched(partition)
    const position = { topic: this.#topic, partition, offset: marks.low, metadata }
    const request = commitForYears(this.groupId, position)
    await this.#patiently(`cannot keep in consumer group ${this.groupId} what was replayed`, async () => {
      const { error } = await this.#coordinator.send(request, (answer) => [answer.error])
      refuse(error)
    })
    this.#kept.set(partition, position)
  }

  /** Two replays at once would send the same letters twice. Throws AgentError FAILED when there is another one. */
  async expectUntouched(partition: number): Promise<void> {
    const now = await this.#fetch(partition)
    const kept = this.#kept.get(partition)
    if (kept && kept.offset === now.offset && kept.metadata === now.metadata) return
    throw new AgentError('FAILED', `another replay of topic ${this.#topic} is under way: wait for its end`)
  }

  #fetch(partition: number): Promise<Kept> {
    const topic = this.#topic
    const request = offsetFetch(this.groupId, [{ topic, partition }])
    return this.#patiently(`cannot look up in consumer group ${this.groupId} what was replayed`, async () => {
      const [found] = (await this.#coordinator.ask(request)).partitions
      refuse(found?.error ?? 0)
      return { topic, partition, offset: found?.offset ?? -1, metadata: found?.metadata ?? '' }
    })
  }

  /** Even when somebody wants to leave: what was sent must be written down. */
  #patiently<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const parts = { clock: this.#clock, signal: NEVER, lookAgain: () => Promise.resolve() }
    return patiently(parts, what, attempt)
  }
}

const NEVER = new AbortController().signal

/** Version 4, the last in which a commit says how long it is to be kept. By nobody's member. */
const commitForYears = (
  groupId: string,
  { topic, partition, offset, metadata }: Kept,
): KafkaRequest<{ readonly throttleMs: Millis; readonly error: number }> => ({
  apiKey: 8,
  apiVersion: 4,
  apiName: 'OffsetCommit',
  encode: (to) =>
    to
      .string(groupId)
      .int32(NO_GENERATION)
      .string('')
      .int64(TEN_YEARS)
      .array([topic], (name) =>
        to.string(name).array([partition], (each) => to.int32(each).int64(offset).string(metadata)),
      ),
  decode: (from) => {
    const throttleMs = from.int32()
    const errors = from.array(() => (from.string(), from.array(() => (from.int32(), from.int16())))).flat()
    return { throttleMs, error: errors.find((error) => error !== 0) ?? 0 }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})
