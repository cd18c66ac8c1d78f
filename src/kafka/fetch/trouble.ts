import { AgentError } from '../../domain/errors.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { BrokerError } from '../broker-error.ts'
import { explain } from '../errors.ts'
import type { Problem } from '../problem.ts'
import type { Topics } from '../topics.ts'
import type { OwnedPartition } from './owned-partition.ts'

export interface TroubleParts {
  readonly topics: Topics
  readonly problem: Problem
  readonly clock: Clock
  readonly signal: AbortSignal
  /** After each look, before what is held is let go. */
  looked(): void
  /** Something was let go. */
  released(): void
}

const FIRST_WAIT: Millis = 50
const LONGEST_WAIT: Millis = 1_000

/** What time and a new look may cure without anybody: it is told from the second time on. */
const isPassing = (error: unknown): boolean =>
  error instanceof BrokerError ? error.retriable : !(error instanceof AgentError)

const isMissing = (error: unknown): boolean =>
  error instanceof BrokerError && error.type === 'UNKNOWN_TOPIC_OR_PARTITION'

/** Partitions that could not be fetched are held until there is a fresh look at the cluster, more and more seldom. */
export class Trouble {
  readonly #parts: TroubleParts
  readonly #held = new Set<OwnedPartition>()
  #failures = 0
  #running = false

  constructor(parts: TroubleParts) {
    this.#parts = parts
  }

  /** Holds the partitions and looks again. */
  hold(partitions: readonly OwnedPartition[], error: unknown): void {
    if (this.#parts.signal.aborted) return
    for (const partition of partitions) {
      partition.held = true
      if (isMissing(error)) partition.missing()
      this.#held.add(partition)
    }
    this.#tell(error, partitions)
    if (!this.#running) void this.#run()
  }

  /** Everything that is fetched was answered, or nothing is ours. */
  over(): void {
    for (const partition of this.#held) if (partition.leaving) this.#held.delete(partition)
    if (this.#held.size > 0) return
    this.#failures = 0
    this.#parts.problem.clear()
  }

  async #run(): Promise<void> {
    const { topics, clock, signal } = this.#parts
    const over = (): boolean => signal.aborted || this.#held.size === 0
    this.#running = true
    while (!over()) {
      const failures = this.#failures++
      if (failures > 0) await wait(clock, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures), signal)
      if (over()) break
      try {
        await topics.refresh()
      } catch (error) {
        this.#tell(error, [])
        continue
      }
      this.#parts.looked()
      this.#release()
    }
    this.#running = false
  }

  #release(): void {
    const { topics } = this.#parts
    for (const partition of this.#held) {
      if (!partition.leaving && !topics.leaderOf(partition)) {
        const problem = topics.leaderProblem(partition.topic)
        if (isMissing(problem)) partition.missing()
        this.#tell(problem, [partition])
        continue
      }
      partition.held = false
      this.#held.delete(partition)
    }
    this.#parts.released()
  }

  #tell(error: unknown, partitions: readonly OwnedPartition[]): void {
    if (isPassing(error) && this.#failures === 0) return
    const [first] = partitions
    const fields = first ? { topic: first.topic, partition: first.partition } : {}
    this.#parts.problem.report(`cannot read from Kafka: ${explain(error)}`, isPassing(error) ? 'warn' : 'error', fields)
  }
}
