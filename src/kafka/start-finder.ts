import { nameOf, type TopicPartition } from '../domain/stream/line-batch.ts'
import type { Clock } from '../engine/ports.ts'
import { wait } from '../engine/waiting.ts'
import type { KafkaCluster } from './cluster.ts'
import { explain } from './errors.ts'
import type { DueStart, OwnedPartition } from './fetch/owned-partition.ts'
import type { KafkaLog } from './log.ts'
import type { CommittedOffset } from './group/offset-requests.ts'
import { FIRST_WAIT, LONGEST_WAIT, Problem } from './problem.ts'
import { NO_EPOCH } from './protocol/fetch.ts'
import { startPositions, type InputFrom, type Start, type Wanted } from './start-positions.ts'
import type { TopicFacts } from './protocol/metadata.ts'
import type { Topics } from './topics.ts'

export interface StartParts {
  readonly cluster: Pick<KafkaCluster, 'send'>
  readonly topics: Topics
  readonly from: InputFrom
  readonly clock: Clock
  readonly log: KafkaLog
  readonly signal: AbortSignal
  /** -1: nothing is committed. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>
  /** Commits what is due of them, if no other commit is open. Rejects when it is to be tried again. */
  commit(partitions: readonly OwnedPartition[]): Promise<void>
  /** What stands beside the committed offsets. */
  noted(partitions: readonly CommittedOffset[]): void
  /** Positions are known: there is something to fetch. */
  found(): void
}

/** What makes committed offsets void. */
interface Past {
  /** The topic was made anew: they belong to the old one. */
  readonly anew?: boolean
  /** The log was cut there: none behind it holds. */
  readonly cutAt?: number
}

interface Pending {
  readonly partition: OwnedPartition
  readonly version: number
}

/** What is known before the brokers are asked. */
interface Look extends Pending {
  /** What is committed; null: nothing is known of that. */
  readonly before: CommittedOffset | null
  /** Where it began when it was ours before, if that is of use. */
  readonly former: DueStart | null
  readonly wanted: Wanted
  /** What is committed lies behind where the log was cut. */
  readonly isCut: boolean
}

const isPending = ({ partition, version }: Pending): boolean => partition.version === version

const isDue = ({ dueStart }: OwnedPartition): boolean => dueStart !== null

/**
 * Where newly owned partitions begin. A start that another look could find elsewhere is due from when it is found until
 * a commit holds, of it or of records behind it; or until the partition begins anew. One that was due when its partition
 * was lost is taken up again, unless somebody has committed since. What is due stands with the partition alone, and is
 * committed while no other commit of it is open: so whoever comes to commit it, however late, commits the start that holds
 * then, gives up for no commit that was refused, and takes back nothing that holds: a commit of records that was refused,
 * which may hold in part, leaves due what it was to commit.
 */
export class StartFinder {
  readonly problem: Problem
  readonly #parts: StartParts
  /** Each topic as it was when reading began. */
  readonly #first = new Map<string, TopicFacts>()
  /** Those that began together and met with trouble, until nothing of theirs is left to do. */
  readonly #troubled = new Set<readonly OwnedPartition[]>()

  constructor(parts: StartParts) {
    this.#parts = parts
    this.problem = new Problem(parts.clock, parts.log, 'kafka.start-position')
  }

  /** Reading begins now: a partition that nobody has seen by now is new, and `latest` must not leave out its begin. */
  opened(names: readonly string[]): void {
    for (const name of names) {
      const facts = this.#parts.topics.find(name)
      if (facts) this.#first.set(name, facts)
    }
  }

  /**
   * Finds the position of each partition, however long it takes, and commits it where the next look might find
   * another: a rebalance must not move it.
   */
  async begin(partitions: readonly OwnedPartition[], past: Past = {}): Promise<void> {
    const pending = partitions.map((partition) => ({ partition, version: partition.version }))
    await this.#find(partitions, pending, past)
    this.#over(partitions)
  }

  /** The partition has begun at what `instead` gave: commits it as `begin` does. */
  async begun(partition: OwnedPartition, start: Start): Promise<void> {
    const { offset } = start
    const dueStart: DueStart = { offset, metadata: '', insteadOf: null, topicId: partition.topicId }
    partition.dueStart = dueStart
    // Unless it is certain that another look finds the same, it stays due.
    const [before] = await this.#parts.committed([partition]).catch(() => [])
    if (before) dueStart.insteadOf = before.offset
    const isFoundAgain = this.#parts.from === 'earliest' && before !== undefined && before.offset <= offset
    if (isFoundAgain && partition.dueStart === dueStart) partition.dueStart = null
    await this.pin([partition])
  }

  /** They are about to be another's: what is due is committed now, or never. */
  async leaving(partitions: readonly OwnedPartition[]): Promise<void> {
    if (!partitions.some(isDue)) return
    try {
      await this.#parts.commit(partitions)
    } catch (error) {
      // Nobody tries again: it is told, and no trouble that lasts.
      const text = `cannot commit where reading began: ${explain(error)}`
      this.#parts.log('warn', text, { event: 'kafka.start-position' })
    }
  }

  /** Commits what is due while records flow already; then nothing is left to do for them. */
  async pin(partitions: readonly OwnedPartition[]): Promise<void> {
    const { signal } = this.#parts
    while (partitions.some(isDue) && !signal.aborted) {
      try {
        await this.#parts.commit(partitions)
        if (!partitions.some(isDue)) break
      } catch (error) {
        this.#failed(partitions, `cannot commit where to begin: ${explain(error)}`)
      }
      await this.problem.backOff(signal)
    }
    this.#over(partitions)
  }

  /** Where to go on instead of an offset that does not exist. Rejects as `startPositions`. */
  async instead(partition: TopicPartition, offset: number): Promise<Start | undefined> {
    const { cluster, topics, from } = this.#parts
    const [start] = await startPositions(cluster, topics, [{ ...partition, offset }], from)
    return start
  }

  /** Never rejects. `group`: those that began together, of which these are some. */
  async #find(group: readonly OwnedPartition[], some: readonly Pending[], past: Past): Promise<void> {
    const { topics, clock, signal } = this.#parts
    let pause = FIRST_WAIT
    for (;;) {
      // Of those that are gone, or begin elsewhere, nothing has to be known any more.
      const pending = some.filter(isPending)
      if (pending.length === 0 || signal.aborted) return
      try {
        if (pending.some(({ partition }) => !topics.leaderOf(partition))) await topics.refresh()
        const led = [...Map.groupBy(pending, ({ partition }) => topics.leaderOf(partition)?.leader).values()]
        // One that has no leader, or whose leader is away, holds up no other, now or in the next try.
        if (led.length > 1) await Promise.all(led.map((list) => this.#find(group, list, past)))
        else await this.#settle(pending, past)
        return
      } catch (error) {
        this.#failed(group, `cannot settle where to begin: ${explain(error)}`)
        await wait(clock, pause, signal)
        pause = Math.min(LONGEST_WAIT, pause * 2)
        await topics.refresh().catch(() => undefined)
      }
    }
  }

  #failed(partitions: readonly OwnedPartition[], text: string): void {
    this.#troubled.add(partitions)
    this.problem.report(text)
  }

  /** Nothing is left to do for them. */
  #over(partitions: readonly OwnedPartition[]): void {
    this.#troubled.delete(partitions)
    if (this.#troubled.size === 0 && !this.#parts.signal.aborted) this.problem.clear()
  }

  async #settle(pending: readonly Pending[], past: Past): Promise<void> {
    const { cluster, topics, from } = this.#parts
    const { anew = false, cutAt = Infinity } = past
    const committed = await this.#parts.committed(
      pending.map(({ partition: { topic, partition } }) => ({ topic, partition })),
    )
    if (!anew) this.#parts.noted(committed)
    const known = new Map(committed.map((each) => [nameOf(each), each]))
    const looks = pending.map((each): Look => {
      const { topic, partition } = each.partition
      const before = known.get(nameOf(each.partition)) ?? null
      const former = anew ? null : this.#formerStart(each.partition, before?.offset ?? -1)
      const offset = anew ? -1 : Math.min(cutAt, (former ?? before)?.offset ?? -1)
      const wanted = { topic, partition, offset, added: this.#isAdded(each.partition) }
      return { ...each, before, former, wanted, isCut: before !== null && before.offset > cutAt }
    })
    const wanted = looks.map((look) => look.wanted)
    const starts = new Map((await startPositions(cluster, topics, wanted, from)).map((each) => [nameOf(each), each]))
    const found = looks.filter(isPending)
    for (const look of found) {
      const start = starts.get(nameOf(look.wanted))
      if (start) this.#start(look, start)
    }
    this.#parts.found()
    void this.pin(found.map(({ partition }) => partition))
  }

  #start({ partition, before, former, isCut }: Look, start: Start): void {
    const { topics, from, log } = this.#parts
    const { offset, asWanted } = start
    const topicId = topics.find(partition.topic)?.id ?? null
    const insteadOf = before?.offset ?? -1
    partition.seek(offset)
    partition.fetchedEpoch = before && asWanted && !isCut && !former ? before.leaderEpoch : NO_EPOCH
    partition.highWatermark = start.highWatermark
    partition.topicId = topicId
    const isDue = former !== null || insteadOf > offset || (!asWanted && from !== 'earliest')
    const metadata = former?.offset === offset ? former.metadata : ''
    partition.dueStart = isDue ? { offset, metadata, insteadOf, topicId } : null
    partition.formerStart = null
    const reason = isCut ? 'the log was cut there' : former && asWanted ? 'as before' : start.reason
    log('info', `reading from offset ${offset}: ${reason}`, {
      event: 'kafka.start',
      topic: partition.topic,
      partition: partition.partition,
      offset,
    })
  }

  /** Where its reading began when it was ours before, unless somebody has committed since. */
  #formerStart(partition: OwnedPartition, committed: number): DueStart | null {
    const start = partition.formerStart
    const isOfAnother = start?.topicId !== (this.#parts.topics.find(partition.topic)?.id ?? null)
    return start === null || isOfAnother || committed !== (start.insteadOf ?? -1) ? null : start
  }

  /** It was made since reading began, alone or with its topic. */
  #isAdded({ topic, partition }: TopicPartition): boolean {
    const first = this.#first.get(topic)
    if (!first) return false
    const id = this.#parts.topics.find(topic)?.id ?? null
    const isAnother = id !== null && first.id !== null && id !== first.id
    return isAnother || partition >= first.partitions.length
  }
}
