import type { Readable } from 'node:stream'
import { AgentError } from '../domain/errors.ts'
import type { RecordContext, TopicPartition } from '../domain/stream/line-batch.ts'
import type { Clock, RecordConsumer, RecordSource, SourceHealth } from '../engine/ports.ts'
import { ChunkLines, type Lines } from './chunk-lines.ts'
import { STDIO, openFile, reasonOf } from './open-file.ts'

export interface FileSourceOptions {
  /** A file, or `-` for `stdin`. */
  readonly path: string
  readonly stdin: Readable
  readonly clock: Pick<Clock, 'wall'>
  /** Bytes asked of the file at a time; tests ask for few. */
  readonly chunkBytes?: number
  /** Bytes of the longest line; tests have shorter ones. */
  readonly maxLine?: number
}

const CHUNK_BYTES = 256 * 1024
/** Of a line: its offset, and where it ends. */
const PLACE_BYTES = 8 + 4
const MAX_LINE = 64 * 1024 * 1024
const EPOCH = 1

/** Records from a file, or from the agent's own stdin: one line, one record, its line number is its offset. */
export class FileSource implements RecordSource {
  /** Resolves when all was handed over, or the source was closed; rejects with UNAVAILABLE when reading failed. */
  readonly finished: Promise<void>
  readonly #options: FileSourceOptions
  readonly #at: TopicPartition
  readonly #lines: ChunkLines
  readonly #settle = Promise.withResolvers<undefined>()
  #stream: Readable | null = null
  #closed = false
  #paused: PromiseWithResolvers<undefined> | null = null
  #next = 0
  #committed = 0
  #error: string | null = null

  constructor(options: FileSourceOptions) {
    this.#options = options
    this.#at = { topic: `file:${options.path}`, partition: 0 }
    this.#lines = new ChunkLines(options.maxLine ?? MAX_LINE)
    this.finished = this.#settle.promise
    // Whoever does not wait for the end reads the failure from `health`.
    this.finished.catch(() => undefined)
  }

  /** Lines handed over so far, and the position up to which all are settled. */
  get progress(): { readonly read: number; readonly settled: number } {
    return { read: this.#next, settled: this.#committed }
  }

  /** Opens the file (raises UNAVAILABLE) and begins to read. */
  async start(consumer: RecordConsumer): Promise<void> {
    this.#stream = await this.#open()
    consumer.assigned([{ ...this.#at, epoch: EPOCH }])
    void this.#run(this.#stream, consumer)
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers()
  }

  resume(): void {
    this.#paused?.resolve(undefined)
    this.#paused = null
  }

  /** A bug if it is ever called: on local input a Calculator is not started again, so nothing is read twice. */
  rewind(partition: TopicPartition, offset: number): never {
    throw new Error(`cannot rewind ${partition.topic} to ${offset}: a local input is read once`)
  }

  commit(positions: readonly { readonly offset: number }[]): Promise<void> {
    for (const { offset } of positions) this.#committed = Math.max(this.#committed, offset)
    return Promise.resolve()
  }

  /** Without a fetch time: a person who types at the other end may take as long as they like. */
  health(): SourceHealth {
    const isOpen = this.#stream !== null
    return { joined: isOpen, assigned: isOpen ? [this.#at] : [], lastFetchAt: null, lag: null, error: this.#error }
  }

  close(): Promise<void> {
    this.#closed = true
    this.resume()
    this.#stream?.destroy()
    this.#settle.resolve(undefined)
    return Promise.resolve()
  }

  async #open(): Promise<Readable> {
    if (this.#options.path === STDIO) return this.#options.stdin
    const file = await openFile(this.#options.path, 'r')
    return file.createReadStream({ highWaterMark: this.#options.chunkBytes ?? CHUNK_BYTES })
  }

  async #run(stream: Readable, consumer: RecordConsumer): Promise<void> {
    try {
      for await (const chunk of stream) {
        await this.#hand(consumer, this.#lines.push(chunk as Uint8Array))
        if (this.#closed) return
      }
      await this.#hand(consumer, this.#lines.end())
      if (!this.#closed) consumer.ended()
      this.#settle.resolve(undefined)
    } catch (cause) {
      // A stream that was destroyed by `close` ends its loop with an error too.
      if (this.#closed) return
      const where = this.#options.path === STDIO ? 'stdin' : this.#options.path
      const reason = cause instanceof AgentError ? cause.subject : reasonOf(cause)
      this.#error = `cannot read ${where} after line ${this.#next}: ${reason}`
      this.#settle.reject(new AgentError('UNAVAILABLE', this.#error, { cause }))
    }
  }

  async #hand(consumer: RecordConsumer, lines: Lines | null): Promise<void> {
    if (lines === null) return
    await this.#paused?.promise
    if (this.#closed) return
    const firstOffset = this.#next
    const count = lines.ends.length
    this.#next += count
    const context = contextAt(this.#options.clock.wall())
    const offsets = Float64Array.from({ length: count }, (_, index) => firstOffset + index)
    const { bytes, ends } = lines
    const share = { ...this.#at, epoch: EPOCH, firstOffset, nextOffset: this.#next, tombstones: 0 }
    await consumer.batch({ ...share, count, bytes, ends, offsets, context, besides: PLACE_BYTES })
  }
}

const contextAt = (timestamp: number): RecordContext => ({
  hasHeaders: false,
  key: () => null,
  headers: () => [],
  timestamp: () => timestamp,
})
