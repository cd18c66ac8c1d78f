// What the engine needs of the world. Edges implement these; tests implement them in a few lines.
import type { ProgramSpec, Signal } from '../domain/process/spec.ts'
import type { ExitStatus } from '../domain/process/state.ts'
import type { LineBatch, TopicPartition } from '../domain/stream/line-batch.ts'
import type { DeadLetter, Refusal, ValueBatch } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'

/** What was armed, and has not fired yet; to cancel it afterwards does nothing. */
export interface Timer {
  cancel(): void
}

/** The only time that the engine knows. */
export interface Clock {
  /** Monotonic, in ms. */
  now(): Millis
  /** Ms since the epoch. */
  wall(): Millis
  arm(after: Millis, fire: () => void): Timer
}

/** Delay of the event loop, in ms. */
export interface LoopDelay {
  readonly p50: Millis
  readonly p99: Millis
  readonly max: Millis
}

/** Watches how late the event loop is. */
export interface LoopLag {
  /** Over the last seconds; null before anything was measured. */
  read(): LoopDelay | null
  close(): void
}

// ---- children ----------------------------------------------------------------------------------------------------

/** One line that a child wrote to stderr or to a stdout that is log, or had logged by its control channel. */
export interface ChildLine {
  /** Where it comes from; stderr unless this says otherwise. */
  readonly stream?: 'stdout' | 'stderr' | 'control'
  readonly namespec: string
  readonly pid: number
  /** Printable text: invalid UTF-8 and control characters are written as \xNN. */
  readonly text: string
  /** The line was over 64 KiB: its rest was dropped. */
  readonly cut: boolean
}

/** Our end of a child's stdin. */
export interface ChildInput {
  /** Resolves when the kernel has taken every byte; rejects when the reading end is closed. One write at a time. */
  write(...pieces: readonly Uint8Array[]): Promise<void>
  /** End of input for the child. */
  end(): void
  /**
   * Bytes written that the child has not read yet, also after `end` and after its death; null where that cannot be known.
   */
  unread(): number | null
  /** Whether the child has closed its end, as far as that can be seen without a write; not told any more after `end`. */
  closed?(): boolean
}

/** Our end of a child's stdout or stderr. */
export interface ChildOutput {
  /**
   * Called once, before any data can be lost; chunks are the receiver's to keep, and so are `headroom` bytes of memory in
   * front of each.
   */
  listen(listener: { data(chunk: Uint8Array, headroom?: number): void; end(): void }): void
  pause(): void
  resume(): void
  /** Stop reading, whoever still holds the writing end; `end` is not called afterwards. */
  destroy(): void
  /**
   * Nobody looks any more at what was read before this view of a chunk: that memory may serve again. Never called, it
   * is collected as any other.
   */
  release?(view: Uint8Array): void
  /** Bytes that lie in the pipe and were not read yet; null where that cannot be known. */
  unread(): number | null
}

/** What a child says apart from its answers, line by line. */
export interface ChildControl {
  /** Called once, before anything can be lost. `cut`: the line was over 64 KiB, and its rest was dropped. */
  listen(listener: (line: string, cut: boolean) => void): void
  /** Tells at once what was said so far, as far as the system lets it be read past the event loop. */
  catchUp(): void
}

/** A running child with its pipes. Stderr is the log's business, unless its spec wants the bytes. */
export interface Child {
  readonly pid: number
  /** Start in ms since the epoch: the incarnation. */
  readonly startedAt: Millis
  readonly stdin: ChildInput
  readonly stdout: ChildOutput
  /** With `stderr: 'bytes'`. */
  readonly stderr?: ChildOutput
  /** With `control`. */
  readonly control?: ChildControl
}

/** What the operating system shows of a child and its process group at one instant. */
export interface Activity {
  /** CPU time of all threads of the group in ns; null where /proc hides it. */
  readonly cpu: bigint | null
  /**
   * `stdin`: one process, with a thread blocked in read, or in a poll, of our pipe (a checkpoint can be proven).
   * `waiting`: every thread waits in a way that may, or may not, be for input (epoll, futex, wait, other reads).
   * `busy`: some thread runs, sleeps on a clock, or waits for a disk or a socket: it has work in hand.
   * `unknown`: /proc hides it, or there is no native part.
   */
  readonly parked: 'stdin' | 'waiting' | 'busy' | 'unknown'
}

/** Starts children and signals them: the operating system, as far as processes go. */
export interface Spawner {
  /**
   * Starts a child in its own process group. `onExit` is called once, never before `spawn` has returned.
   * Throws AgentError NO_FILE, NOT_EXECUTABLE or SPAWN_ERROR, with supervisord's spawnerr text as subject.
   * @param input a descriptor that becomes its stdin instead of a pipe
   */
  spawn(spec: ProgramSpec, onExit: (status: ExitStatus) => void, input?: number): Child
  /** Signals the child, or its whole group. A child that is gone is no error. */
  kill(pid: number, signal: Signal, group: boolean): void
  activity(pid: number): Activity
  /** The last stderr lines of a process, oldest first. */
  stderrTail(namespec: string): readonly string[]
}

/** Owns the pipes of one process, over all its incarnations (a StreamProxy, or the null owner). */
export interface PipeOwner {
  /**
   * Called before each start of a spec that `prepares`, before anything is opened. Rejects with what `Spawner.spawn` may
   * throw where it cannot be started; after an abort nobody looks at the result.
   */
  ready?(signal: AbortSignal): Promise<void>
  /**
   * Called before each start, to open what it needs; may throw what `Spawner.spawn` may.
   * Returns a descriptor that is to be the child's stdin, or nothing.
   */
  prepare?(): number | undefined
  /** The start that `prepare` was called for failed. */
  failed?(error: unknown): void
  opened(child: Child): void
  /** A stop begins with closing the child's stdin: the owner does it, since it knows what is still on its way. */
  endInput(child: Child): void
  /** `signalled`: we sent it a signal, so that even an exit 0 does not mean that it had finished its work. */
  closed(child: Child, status: ExitStatus, signalled: boolean): void
}

// ---- streams -----------------------------------------------------------------------------------------------------

/** Who takes the records of a source, and is told what becomes of its partitions. */
export interface RecordConsumer {
  /** Resolves when the batch has its place in the window: until then the source fetches no more of that partition. */
  batch(batch: LineBatch): Promise<void>
  /**
   * Partitions with one number share the place that `batch` waits for; all do where it is left out. What waits for one
   * place must not keep back what has another.
   */
  placeOf?(partition: TopicPartition): number
  assigned(partitions: readonly (TopicPartition & { readonly epoch: number })[]): void
  /** What the last owner committed beside its position: told after `assigned`, before the first batch. */
  noted?(partitions: readonly (TopicPartition & { readonly metadata: string })[]): void
  /**
   * Resolves when everything that can be settled is settled and committed; then the partitions are given away. `gone`,
   * once it is aborted: they are another's already, and nothing is waited for. It belongs to this call alone.
   */
  revoked(partitions: readonly TopicPartition[], gone?: AbortSignal): Promise<void>
  /** A local source came to its end. */
  ended(): void
}

/** Facts with their ages, for readiness: instants of the monotonic clock, null for never. */
export interface SourceHealth {
  readonly joined: boolean
  readonly assigned: readonly TopicPartition[]
  readonly lastFetchAt: Millis | null
  /** Records not yet fetched over all assigned partitions; null while not known. */
  readonly lag: number | null
  /** Of each partition that is ours, where it ends and what is handed over next; null while not known. */
  readonly ends?: readonly (TopicPartition & { readonly end: number | null; readonly next: number | null })[]
  /** How often partitions were given to us, taken away, and lost without notice. */
  readonly rebalances?: Readonly<Record<'assigned' | 'revoked' | 'lost', number>>
  /** What is wrong now, for a person; null when nothing is. */
  readonly error: string | null
}

/** How far one partition is read. */
export interface CommitPosition extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number
  readonly epoch: number
  /** A note for whoever owns the partition next; empty by default. */
  readonly metadata?: string
}

/** Where records come from: a consumer group's partitions, or a local file. */
export interface RecordSource {
  /** Begins to fetch; resolves when the first attempt to join was made or the source is waiting for its topics. */
  start(consumer: RecordConsumer): Promise<void>
  /** Stop fetching (`drain`), or go on. Membership stays. */
  pause(): void
  resume(): void
  /** Fetch again from `offset`; batches from now on carry `epoch`. */
  rewind(partition: TopicPartition, offset: number, epoch: number): void
  /** Positions of an epoch that is over are dropped. Rejects if refused. */
  commit(positions: readonly CommitPosition[]): Promise<void>
  health(): SourceHealth
  /**
   * Gives everything that is ours to the others, until `comeBack`; resolves when it is given. Without it there are no
   * others.
   */
  standAside?(): Promise<void>
  comeBack?(): void
  close(): Promise<void>
}

/** As SourceHealth, of a sink. */
export interface SinkHealth {
  readonly lastAckAt: Millis | null
  readonly error: string | null
}

/** Where answers go. */
export interface RecordSink {
  /** Whatever is written goes nowhere. */
  readonly discards?: true
  /** Partition count of the output topic; resolves when it is known. */
  partitions(): Promise<number>
  /**
   * Resolves when all in-sync replicas have the batch, with the values that were refused for good (too large).
   * Retriable and permanent failures (authorisation, missing topic) block and are told by `health`.
   * May be called again before earlier calls have resolved: batches for one partition are stored in the order of their
   * calls. The batch's bytes hold still until the call has resolved, and are not looked at afterwards.
   */
  write(batch: ValueBatch): Promise<readonly Refusal[]>
  health(): SinkHealth
  close(): Promise<void>
}

/** Where records go that could not be worked off, each with the reason. */
export interface DeadLetterSink {
  /** What it stores is in the log: nobody needs to tell of a letter besides. */
  readonly tellsEach?: boolean
  /**
   * Resolves when all letters are stored; never drops one that `isWanted`. Where it says no before they are on their way,
   * the call may reject: they are of no use any more, whoever reads their records again writes them again.
   */
  write(letters: readonly DeadLetter[], isWanted?: () => boolean): Promise<void>
  health(): SinkHealth
  close(): Promise<void>
}

// ---- transactions --------------------------------------------------------------------------------------------------

/** Is told what befalls a transaction from outside. */
export interface TransactionListener {
  /** What the sinks have stored since the last commit cannot be committed any more: it is to be aborted. */
  voided(reason: string): void
  /** Another process took our place: nothing can be written any more. */
  fenced(reason: string): void
}

/** Outputs, dead letters and positions that come to hold together, or never (DELIVERY=exactly-once). */
export interface Transactions {
  /** There is one listener: the last. */
  listen(listener: TransactionListener): void
  /**
   * Commits everything that the sinks have stored since the last commit or abort, and the positions with it. To be called
   * when every write has ended. Rejects when it cannot be; then it is to be aborted.
   */
  commit(positions: readonly CommitPosition[]): Promise<void>
  /** What the sinks have stored since the last commit never holds, and writes under way reject. Resolves when that is sure. */
  abort(): Promise<void>
  health(): { readonly error: string | null }
  close(): Promise<void>
}
