import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { AgentError, codeOf } from '../domain/errors.ts'
import type { Refusal, ValueBatch } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, RecordSink, SinkHealth } from '../engine/ports.ts'
import { Serial } from '../engine/serial.ts'
import { STDIO, openFile, reasonOf } from './open-file.ts'

export interface FileSinkOptions {
  /** A file, truncated when it is opened, or `-` for `stdout`. */
  readonly path: string
  readonly stdout: Writable
  readonly clock: Pick<Clock, 'now'>
}

const NEWLINE = 10

/** Records to a file, or to the agent's own stdout: each value and a newline. */
export class FileSink implements RecordSink {
  readonly #options: FileSinkOptions
  readonly #isStdout: boolean
  #file: Promise<FileHandle> | null = null
  readonly #writes = new Serial()
  #lastAckAt: Millis | null = null
  #error: string | null = null

  constructor(options: FileSinkOptions) {
    this.#options = options
    this.#isStdout = options.path === STDIO
    // The error of a write comes back with the write; one that comes between two writes is kept for `health`.
    if (this.#isStdout) options.stdout.on('error', (error) => void this.#failure(error))
  }

  /** Opens the file: raises UNAVAILABLE. */
  async partitions(): Promise<number> {
    if (!this.#isStdout) await this.#opened()
    return 1
  }

  /** Resolves when the system has the bytes. Raises UNAVAILABLE when they cannot be written: nothing waits for a cure. */
  write(batch: ValueBatch): Promise<readonly Refusal[]> {
    return this.#writes.run(() => this.#write(batch))
  }

  async #write(batch: ValueBatch): Promise<readonly Refusal[]> {
    if (batch.count === 0) return []
    const bytes = withNewlines(batch)
    try {
      if (this.#isStdout) await written(this.#options.stdout, bytes)
      else await (await this.#opened()).writeFile(bytes)
    } catch (error) {
      throw this.#failure(error)
    }
    this.#lastAckAt = this.#options.clock.now()
    return []
  }

  health(): SinkHealth {
    return { lastAckAt: this.#lastAckAt, error: this.#error }
  }

  /** The file is on the disk afterwards, and exists even when nothing was written. Stdout stays open. */
  async close(): Promise<void> {
    if (this.#isStdout) return
    // A file that could not be opened was told of then.
    const file = await (this.#file === null ? this.#opened() : this.#file.catch(() => null))
    if (file === null) return
    try {
      await file.sync()
    } catch (error) {
      // A device such as /dev/null has nothing to bring to a disk.
      if (codeOf(error) !== 'EINVAL') throw this.#failure(error)
    } finally {
      await file.close()
    }
  }

  #opened(): Promise<FileHandle> {
    return (this.#file ??= openFile(this.#options.path, 'w'))
  }

  #failure(cause: unknown): AgentError {
    if (cause instanceof AgentError) return cause
    this.#error = `cannot write ${this.#isStdout ? 'stdout' : this.#options.path}: ${reasonOf(cause)}`
    return new AgentError('UNAVAILABLE', this.#error, { cause })
  }
}

// Not through a FileHandle: a thread that waits for a slow reader would hold up the exit of the agent.
const written = (stream: Writable, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()))
  })

/** The values as lines: the bytes as they lie where they are lines already, else a copy. */
function withNewlines({ bytes, starts, ends, count }: ValueBatch): Uint8Array {
  let areLines = true
  let size = 0
  for (let index = 0; index < count; index++) {
    const end = ends[index] ?? 0
    size += end - (starts[index] ?? 0) + 1
    areLines &&= bytes[end] === NEWLINE && (index + 1 === count || starts[index + 1] === end + 1)
  }
  if (areLines) return bytes.subarray(starts[0], (ends[count - 1] ?? 0) + 1)
  const lines = new Uint8Array(size)
  let at = 0
  for (let index = 0; index < count; index++) {
    const value = bytes.subarray(starts[index], ends[index])
    lines.set(value, at)
    at += value.length
    lines[at++] = NEWLINE
  }
  return lines
}
