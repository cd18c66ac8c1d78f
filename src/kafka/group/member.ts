import { isOver, outcomeOf, type Outcome } from '../../domain/group/outcomes.ts'
import { Ownership } from '../../domain/group/ownership.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { wait, within } from '../../engine/waiting.ts'
import { BrokerError } from '../broker-error.ts'
import { CLOSE_LIMIT } from '../problem.ts'
import type { TransactionIdentity } from '../transactions/requests.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { fetchCommitted, MEMBER_CLOSES } from './committed.ts'
import { Coordinator } from './coordinator.ts'
import { Heartbeats } from './heartbeats.ts'
import { MemberLog } from './member-log.ts'
import { OffsetCommits } from './offset-commits.ts'
import type { CommittedOffset, OffsetPosition } from './offset-requests.ts'
import { PartitionWatch } from './partition-watch.ts'
import { Rebalance } from './rebalance.ts'
import { leaveGroup } from './requests.ts'
import type { GroupMemberSettings } from './settings.ts'
import { Standing } from './standing.ts'

/** How long the others wait for this member to join again, at least: never less than the session timeout. */
const REBALANCE_TIMEOUT: Millis = 60_000
const WATCH_EVERY: Millis = 10_000
/** A membership that is lost this often without a success in between is tried again more slowly. */
const HASTY_ROUNDS = 3
/** One that is missed while a coordinator moves is nobody's concern. */
const MISSED_TO_TELL = 2

/** Membership in a consumer group by our own loop. It ends with `close`, and for nothing else. */
export class GroupMember {
  readonly #settings: GroupMemberSettings
  readonly #rebalanceTimeoutMs: Millis
  readonly #standing: Standing
  readonly #ownership = new Ownership()
  readonly #coordinator: Coordinator
  readonly #watch: PartitionWatch
  readonly #rebalance: Rebalance
  readonly #heartbeats: Heartbeats
  readonly #commits: OffsetCommits
  readonly #log: MemberLog
  readonly #closing = new AbortController()
  /** Aborted, and replaced, when everything owned is lost. */
  #lost = new AbortController()
  #rejoinWanted = Promise.withResolvers<undefined>()
  #joined = false
  #hasty = 0
  /** Heartbeats in a row that failed for no fault of the membership. */
  #missed = 0
  #done: Promise<void> = Promise.resolve()

  constructor(settings: GroupMemberSettings) {
    const { clock, log, groupId, sessionTimeoutMs, groupInstanceId, watchEveryMs } = settings
    this.#settings = settings
    this.#rebalanceTimeoutMs = Math.max(REBALANCE_TIMEOUT, sessionTimeoutMs)
    this.#watch = new PartitionWatch({ clock, log, cluster: settings.talking, every: watchEveryMs ?? WATCH_EVERY })
    const coordinator = (this.#coordinator = new Coordinator(settings, groupId))
    const standing = (this.#standing = new Standing(groupId, groupInstanceId ?? null))
    this.#log = new MemberLog(settings, standing)
    const refused = (outcome: Outcome, error: unknown): void => this.#refused(outcome, error)
    const listener = { refused, answered: (): void => this.#answered(), expired: (): void => this.#expired() }
    this.#heartbeats = new Heartbeats({ clock, coordinator, standing, sessionTimeoutMs }, listener)
    const closing = this.#closing.signal
    this.#commits = new OffsetCommits({ clock, coordinator, standing, ownership: this.#ownership, closing, refused })
    const rebalanceTimeoutMs = this.#rebalanceTimeoutMs
    this.#rebalance = new Rebalance(settings, { coordinator, standing, watch: this.#watch, rebalanceTimeoutMs })
  }

  /** A generation of the group counts this member, as far as it knows; also while a cooperative rebalance is on. */
  get joined(): boolean {
    return this.#joined
  }

  /** -1 while there is none. */
  get generation(): number {
    return this.#standing.generation
  }

  get memberId(): string {
    return this.#standing.memberId
  }

  /** What is wrong now, for a person; null when nothing is. */
  get problem(): string | null {
    return this.#log.problem
  }

  /** Joins, heartbeats and joins again until `close`. What goes wrong is told by `problem`, not by a rejection. */
  run(): Promise<void> {
    return (this.#done = this.#live())
  }

  /** What is refused, and what is left out: see OffsetCommits.commit. */
  commit(positions: readonly OffsetPosition[], transaction: TransactionIdentity | null = null): Promise<void> {
    return this.#commits.commit(positions, transaction)
  }

  /**
   * Committed offsets, after every commit asked for so far; waits for transactions that are still open. Rejects with
   * BrokerError for what the coordinator refuses, and as KafkaCluster.send: whoever asked knows when to ask again.
   */
  async committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const { clock, groupId } = this.#settings
    await this.#commits.settled()
    return fetchCommitted(this.#coordinator, groupId, partitions, clock, this.#closing.signal)
  }

  /**
   * Leaves the group, unless the membership is static and not `leaves`. Nothing is revoked: the owner has drained and committed before.
   * Gives up after 4 s. The clusters are the caller's to close.
   */
  async close(leaves = false): Promise<void> {
    if (this.#closing.signal.aborted) return this.#done
    const { clock } = this.#settings
    await within(clock, CLOSE_LIMIT, this.#commits.settled())
    this.#closing.abort()
    this.#joined = false
    await within(clock, CLOSE_LIMIT, Promise.allSettled([this.#leave(leaves), this.#done]))
  }

  async #live(): Promise<void> {
    const { signal } = this.#closing
    const closed = (): boolean => signal.aborted
    if (closed()) return
    const { topics } = this.#settings
    const background = [this.#heartbeats.run(signal), this.#watch.run(topics, () => this.#partitionsChanged(), signal)]
    while (!closed()) await this.#turn()
    await Promise.all(background)
  }

  /** From one rebalance to the next. */
  async #turn(): Promise<void> {
    try {
      if (this.#settings.protocol === 'eager') {
        this.#joined = false
        await this.#giveAway(this.#ownership.list)
      }
      const taken = await this.#join()
      if (taken.length > 0) await this.#giveAway(taken)
      else await this.#unlessClosed(this.#rejoinWanted.promise)
    } catch (error) {
      if (!this.#closing.signal.aborted) await this.#recover(error)
    }
  }

  /** Takes part in a rebalance. Resolves with the partitions that have to be given away: then it is not over yet. */
  async #join(): Promise<TopicPartition[]> {
    const { topics, clock, owner } = this.#settings
    const standing = this.#standing
    this.#rejoinWanted = Promise.withResolvers()
    standing.joining()
    await this.#unlessClosed(this.#watch.look(topics))
    const answer = await this.#unlessClosed(this.#rebalance.join(this.#ownership.list))
    const lost = this.#lost.signal
    standing.joined(answer.memberId, answer.generation)
    this.#heartbeats.alive(clock.now())
    const { partitions, outdated } = await this.#unlessClosed(this.#rebalance.sync(answer))
    if (outdated || lost.aborted) this.#rejoinWanted.resolve(undefined)
    if (lost.aborted) return []
    const { added, taken } = this.#ownership.compare(partitions)
    this.#ownership.add(added)
    standing.synced()
    this.#heartbeats.quicken()
    const wasJoined = this.#joined
    this.#joined = true
    this.#hasty = 0
    this.#log.clear()
    const level = wasJoined && added.length + taken.length === 0 ? 'debug' : 'info'
    this.#log.tell(level, 'joined the consumer group', 'kafka.joined', {
      added: added.map(nameOf),
      taken: taken.map(nameOf),
    })
    if (added.length > 0) owner.assigned(added)
    return taken
  }

  /** The owner drains and commits; then the partitions are no longer ours, whether it has finished or not. */
  async #giveAway(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const { clock, owner } = this.#settings
    const lost = this.#lost.signal
    const closing = this.#closing.signal
    const over = new AbortController()
    const limit = wait(clock, this.#rebalanceTimeoutMs / 2, AbortSignal.any([over.signal, lost, closing]))
    const finished = await Promise.race([this.#drain(partitions), limit.then(() => false)])
    over.abort()
    if (lost.aborted || closing.aborted) return
    this.#ownership.remove(partitions)
    if (finished) return
    owner.lost(partitions)
    const text = 'cannot finish before the rebalance goes on: the next owner does the rest again'
    this.#log.tell('warn', text, 'kafka.revoke-unfinished', { partitions: partitions.map(nameOf) })
  }

  async #drain(partitions: readonly TopicPartition[]): Promise<boolean> {
    try {
      await this.#settings.owner.revoked(partitions)
      await this.#commits.settled()
      return true
    } catch (error) {
      this.#log.tell('error', `cannot drain: ${this.#log.explain(error)}`, 'kafka.revoke-failed', {
        partitions: partitions.map(nameOf),
      })
      return false
    }
  }

  /** A heartbeat or a commit of this generation was refused. */
  #refused(outcome: Outcome, error: unknown): void {
    if (isOver(outcome)) this.#lose(this.#log.explain(error), outcome)
    if (isOver(outcome) || outcome === 'rejoin') this.#rejoinWanted.resolve(undefined)
    else if (++this.#missed >= MISSED_TO_TELL) this.#log.report('no heartbeat reaches consumer group', error)
  }

  #answered(): void {
    if (this.#missed >= MISSED_TO_TELL) this.#log.clear()
    this.#missed = 0
  }

  #expired(): void {
    const { sessionTimeoutMs } = this.#settings
    const isIdle = this.#standing.phase === 'stable'
    this.#lose(`no heartbeat reached the coordinator for ${sessionTimeoutMs / 1000} s`, 'restart')
    if (isIdle) this.#rejoinWanted.resolve(undefined)
  }

  #partitionsChanged(): void {
    // A JoinGroup that is under way comes before anybody assigns.
    if (this.#standing.phase === 'joining' || this.#standing.phase === 'out') return
    this.#log.tell('info', 'the partitions of a topic changed: joining again', 'kafka.partitions-changed')
    this.#rejoinWanted.resolve(undefined)
  }

  /** After a rebalance that failed. */
  async #recover(error: unknown): Promise<void> {
    const request = this.#standing.phase === 'syncing' ? 'sync' : 'join'
    const outcome = outcomeOf(request, error instanceof BrokerError ? error.type : null)
    if (isOver(outcome)) this.#lose(this.#log.explain(error), outcome)
    if (outcome === 'rejoin') return
    if ((outcome === 'renew' || outcome === 'restart') && ++this.#hasty <= HASTY_ROUNDS) return
    // What a heartbeat hears meanwhile is older than what the next JoinGroup will say.
    if (this.#standing.phase === 'syncing') this.#standing.joining()
    this.#log.report('cannot join consumer group', error)
    await this.#log.backOff(this.#closing.signal)
  }

  /** The group goes on without us, and with what was ours. */
  #lose(why: string, outcome: Outcome): void {
    const partitions = this.#ownership.list
    this.#ownership.remove(partitions)
    this.#heartbeats.rest()
    if (this.#joined)
      this.#log.tell('warn', `lost the membership: ${why}`, 'kafka.lost', { partitions: partitions.map(nameOf) })
    this.#joined = false
    if (outcome === 'renew') this.#standing.identified('')
    this.#standing.lost()
    this.#lost.abort()
    this.#lost = new AbortController()
    if (partitions.length > 0) this.#settings.owner.lost(partitions)
  }

  async #leave(always: boolean): Promise<void> {
    const { groupInstanceId, leaveOnStop } = this.#settings
    const stays = groupInstanceId !== undefined && leaveOnStop !== true && !always
    if (this.#standing.memberId === '' || stays) return
    try {
      await this.#coordinator.ask(leaveGroup(this.#standing.identity()))
    } catch (error) {
      this.#log.tell('debug', `cannot leave: ${this.#log.explain(error)}`, 'kafka.leave')
    }
  }

  #unlessClosed<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(this.#closing.signal, MEMBER_CLOSES, work)
  }
}
