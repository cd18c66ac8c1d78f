export interface Streams {
  /** `host:port`. */
  readonly broker: string
  readonly input: string
  readonly output: string
  readonly group: string
}

/** One way to get records from a topic through `cat` into another topic. */
export interface Contender {
  readonly name: string
  readonly output: 'raw' | 'dataframe'
  /** It reads as a member of the consumer group and commits: what it committed is checked at its end. */
  readonly commits: boolean
  /** It ends when it has read all that is there; others get SIGTERM when all records came out. */
  readonly endsByItself: boolean
  /** Why it cannot take part on this machine; null: it can. */
  unavailable(): string | null
  command(streams: Streams): Command
}

export interface Command {
  readonly words: readonly [string, ...string[]]
  /** Beside PATH. */
  readonly env: Readonly<Record<string, string>>
}
