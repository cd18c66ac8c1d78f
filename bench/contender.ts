/** What is carried. */
export interface Workload {
  /** Bytes of one record's value. */
  readonly bytes: number
  /** Of the input and of the output topic. */
  readonly partitions: number
  /** Of the input topic's batches, and of what the contender writes. */
  readonly compression: 'none' | 'lz4'
}

export interface Streams {
  /** `host:port`. */
  readonly broker: string
  readonly input: string
  readonly output: string
  readonly group: string
  readonly workload: Workload
  /** `host:port` where its HTTP face shall listen; null: nowhere. */
  readonly http: string | null
}

/** One way to get records from a topic through `cat` into another topic. */
export interface Contender {
  readonly name: string
  readonly output: 'raw' | 'dataframe'
  /** It reads as a member of the consumer group and commits: what it committed is checked at its end. */
  readonly commits: boolean
  /** It ends when it has read all that is there; others get SIGTERM when all records came out. */
  readonly endsByItself: boolean
  /** It has a /status that counts its checkpoints. */
  readonly countsCheckpoints: boolean
  /** Why it cannot carry that on this machine; null: it can. */
  unavailable(workload: Workload): string | null
  command(streams: Streams): Command
}

export interface Command {
  readonly words: readonly [string, ...string[]]
  /** Beside PATH. */
  readonly env: Readonly<Record<string, string>>
}

export const describe = ({ bytes, partitions, compression }: Workload): string =>
  `${bytes} B, ${partitions} partition${partitions === 1 ? '' : 's'}, ${compression === 'none' ? 'uncompressed' : compression}`
