import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import { AgentError } from '../../domain/errors.ts'
import { outcomeOf, type Outcome } from '../../domain/group/outcomes.ts'
import type { Ownership } from '../../domain/group/ownership.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { Serial } from '../../engine/serial.ts'
import { wait } from '../../engine/waiting.ts'
import { BrokerError } from '../broker-error.ts'
import { explain } from '../errors.ts'
import { transactionalOffsetCommit, type TransactionIdentity } from '../transactions/requests.ts'
import type { Coordinator } from './coordinator.ts'
import { offsetCommit, type OffsetPosition } from './offset-requests.ts'
import type { Standing } from './standing.ts'

export interface CommitSettings {
  readonly clock: Clock
  readonly coordinator: Coordinator
  readonly standing: Standing
  readonly ownership: Ownership
  /** Aborted when the member closes. */
  readonly closing: AbortSignal
  /** The coordinator says that the membership of this generation is over. */
  readonly refused: (outcome: Outcome, error: unknown) => void
}

interface Due {
  readonly position: OffsetPosition
  readonly tenure: number | null
}

const FIRST_PAUSE: Millis = 100
const LONGEST_PAUSE: Millis = 2_000
/** How long a commit is repeated while the coordinator is away. */
const PATIENCE: Millis = 30_000
/** A commit that meets this many rebalances one after the other is refused. */
const MOST_REBALANCES = 3

/** Offset commits of one member: one request at a time, in order, in the generation that holds when it is sent. */
export class OffsetCommits {
  readonly #settings: CommitSettings
  readonly #commits = new Serial()

  constructor(settings: CommitSettings) {
    this.#settings = settings
  }

  /**
   * A partition that is not owned any more, or was lost and given back since, is left out. Throws AgentError FAILED
   * when one was left out (the others are committed) or when the coordinator refuses for good; UNAVAILABLE when it
   * could not be asked for 30 s, or the member closes. Within a `transaction` nothing is committed unless everything
   * is, and nothing holds before the transaction's end.
   */
  commit(positions: readonly OffsetPosition[], transaction: TransactionIdentity | null = null): Promise<void> {
    const due = positions.map((position) => ({ position, tenure: this.#settings.ownership.tenureOf(position) }))
    return this.#commits.run(() => this.#commit(due, transaction))
  }

  /** Resolves when every commit asked for so far is made or refused. */
  settled(): Promise<void> {
    return this.#commits.settled()
  }

  async #commit(due: readonly Due[], transaction: TransactionIdentity | null): Promise<void> {
    const { clock, standing, ownership, closing } = this.#settings
    const subject = `cannot commit offsets of consumer group ${standing.groupId}`
    const deadline = clock.now() + PATIENCE
    const isOurs = ({ position, tenure }: Due): boolean => tenure !== null && ownership.tenureOf(position) === tenure
    for (let pause = FIRST_PAUSE, rebalances = 0; ;) {
      await standing.until(() => standing.phase !== 'syncing', closing)
      if (closing.aborted) throw new AgentError('UNAVAILABLE', `${subject}: the member is closing`)
      const positions = due.filter(isOurs).map(({ position }) => position)
      const { generation } = standing
      const isWhole = positions.length === due.length
      const isSent = positions.length > 0 && (isWhole || transaction === null)
      const error = isSent ? await this.#send(positions, transaction) : null
      if (error === null) {
        if (isWhole) return
        const gone = due.filter((each) => !positions.includes(each.position)).map(({ position }) => position)
        throw new AgentError('FAILED', `${subject}: no longer the owner of ${names(gone)}`)
      }
      const outcome = outcomeOf('commit', error instanceof BrokerError ? error.type : null)
      const refusal = new AgentError('FAILED', `${subject}: ${explain(error)}`, { cause: error })
      switch (outcome) {
        case 'again':
          if (clock.now() >= deadline) throw new AgentError('UNAVAILABLE', refusal.subject, { cause: error })
          await wait(clock, pause, closing)
          pause = Math.min(LONGEST_PAUSE, pause * 2)
          break
        case 'later':
          if (++rebalances > MOST_REBALANCES) throw refusal
          if (standing.generation !== generation) break
          if (standing.phase === 'joining') await standing.until(() => standing.phase !== 'joining', closing)
          // No rebalance of ours is on: the generation is over for us alone.
          else if (isIllegal(error)) this.#settings.refused('restart', error)
          else await wait(clock, pause, closing)
          break
        case 'renew':
        case 'restart':
        case 'fenced':
          if (standing.generation === generation) this.#settings.refused(outcome, error)
          throw refusal
        case 'rejoin':
        case 'identify':
        case 'refuse':
          throw refusal
      }
    }
  }

  /** The error that stands for all partitions, or null. */
  async #send(positions: readonly OffsetPosition[], transaction: TransactionIdentity | null): Promise<unknown> {
    const { coordinator, standing } = this.#settings
    try {
      const who = standing.identity()
      const request = transaction
        ? transactionalOffsetCommit(transaction, who, positions)
        : offsetCommit(who, positions)
      const { partitions } = await coordinator.send(request, (answer) => answer.partitions.map(({ error }) => error))
      const failed = partitions.filter(({ error }) => error !== 0)
      const [first] = failed
      if (first === undefined) return null
      // Errors of the group come with every partition; those of a partition are told with its name.
      return failed.length === positions.length
        ? new BrokerError(first.error)
        : new BrokerError(first.error, `${new BrokerError(first.error).message} of ${names(failed)}`)
    } catch (error) {
      return error
    }
  }
}

const isIllegal = (error: unknown): boolean => error instanceof BrokerError && error.type === 'ILLEGAL_GENERATION'

const names = (partitions: readonly TopicPartition[]): string => partitions.map(nameOf).join(', ')
