import type { Clock } from '../engine/ports.ts'
import { explain } from './errors.ts'
import type { KafkaLog } from './log.ts'
import { Problem } from './problem.ts'
import type { Topics } from './topics.ts'

export interface MissingTopicsParts {
  readonly topics: Topics
  readonly names: readonly string[]
  readonly clock: Clock
  readonly log: KafkaLog
  /** Of reading in general. */
  readonly problem: Problem
}

/** Input topics that do not exist yet: told once, however long they are waited for. */
export class MissingTopics {
  readonly #parts: MissingTopicsParts
  readonly #missing: Problem

  constructor(parts: MissingTopicsParts) {
    this.#parts = parts
    this.#missing = new Problem(parts.clock, parts.log, 'kafka.topics-missing', Infinity)
  }

  /** Which, for a person; null when they exist, or nobody looked. */
  get text(): string | null {
    return this.#missing.text
  }

  /** Whether all exist. What goes wrong is told by the problem. */
  async look(): Promise<boolean> {
    const { topics, names, problem } = this.#parts
    try {
      await topics.refresh()
      problem.clear()
    } catch (error) {
      problem.report(`cannot read from Kafka: ${explain(error)}`)
      return false
    }
    const missing = names.filter((topic) => !topics.find(topic)).join(', ')
    if (missing === '') this.#missing.clear()
    else
      this.#missing.report(`waiting for input topics that do not exist yet: ${missing}: create them, or grant DESCRIBE`)
    return missing === ''
  }
}
