import type { Millis } from '../time.ts'

export const protocolNames = ['relay', 'one-to-one', 'keyed', 'many', 'sink', 'source', 'batch'] as const

/** Which output answers which input; each is one file in protocol/. */
export type Protocol = (typeof protocolNames)[number]

/** A topic's name as Kafka's brokers accept it. */
export const isTopicName = (name: string): boolean =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'

/** What the run document may change while the agent runs; the environment gives the base values. */
export interface StreamSettings {
  readonly inputTopics: readonly string[]
  /** Where a consumer group without a committed offset begins; a number is an instant in ms since the epoch. */
  readonly inputFrom: 'earliest' | 'latest' | Millis
  readonly outputTopic: string | null
  readonly outputFormat: 'dataframe' | 'raw'
  readonly outputJson: boolean
  /** null: derived from the output topic or the first input topic. */
  readonly deadLetterTopic: string | null
  readonly deadLetterAttempts: number
  readonly protocol: Protocol
  readonly workers: number
  /** null while nobody named a program. */
  readonly bin: string | null
  readonly args: readonly string[]
  /** Added to, and winning over, the child's environment. */
  readonly env: Readonly<Record<string, string>>
}
