import { HandedOver } from '../../domain/stream/handed-over.ts'
import type { LineBatch } from '../../domain/stream/line-batch.ts'
import type { AnswerReader } from '../../domain/stream/protocol/protocol.ts'
import { sliceLines, type Lines } from '../../domain/stream/lines.ts'
import { LineSplitter } from '../../domain/stream/line-splitter.ts'
import { FlightRecorder } from './black-box.ts'
import { GivenRecords } from './given-records.ts'
import type { Child, Clock, Timer } from '../ports.ts'
import { LaneControl } from './lane-control.ts'
import type { ExitStatus } from '../../domain/process/state.ts'

/** After the child's death its pipe is read to the end, but no longer than this past the last byte. */
const STDOUT_END_WAIT = 500
/** What every pipe of Linux holds. */
const LEAST_PIPE = 64 * 1024
/** Lines that are looked at together: of the shortest, one read may bring 131,072, and each may become a dataframe. */
const LINES_MAX = 8192

export interface LaneHooks {
  lines(lines: Lines): void
  /** A line over the limit, as if it stood where `lines` has been called for everything before it. */
  oversized(head: Uint8Array, length: number): void
  /** It closed its end of a pipe, and was still alive then. */
  closed(pipe: 'stdin' | 'stdout'): void
}

/** One incarnation of the Calculator as the stream sees it: its pipes, and how far both directions have come. */
export class Lane {
  readonly child: Child
  /** What its lines mean; null where nothing ties them to records. */
  readonly answers: AnswerReader | null
  readonly control: LaneControl
  /** What it was given and is not known to be done, where there is no reader. */
  readonly handed = new HandedOver()
  readonly recorder = new FlightRecorder()
  readonly given = new GivenRecords()
  /** Lines written to stdin, and to be answered by this incarnation. */
  fedLines = 0
  /** Bytes that its pipe has taken. */
  bytesIn = 0
  bytesOut = 0
  linesOut = 0
  /** Seen to keep back part of a line: nothing more of this incarnation may be committed before it exits 0. */
  blockBuffered = false
  inputEnded = false
  /** A write failed: the child does not know all of what was handed over, however it ends. */
  inputFailed = false
  /** It closed its stdin, and lives on: it gets no more records. */
  stdinClosed = false
  /** It closed its stdout before its input had ended. */
  stdoutClosed = false
  /** It did so where its lines are needed: what it would have said of the records that it has nobody knows. */
  mute = false
  /** Made its first answer. */
  progressed = false
  /** Broke its protocol, and is about to be killed. */
  broken = false
  /** Did not answer, and is about to be killed. */
  hung = false
  /** What it says counts no more, and belongs to nothing. */
  disowned = false
  /** What it printed may still be on its way though nobody waits for it: its memory must hold still. */
  givenUp = false
  /** It is to stop: however it ends, that says nothing about its records. */
  stopping = false
  /** Out-of-memory kills that the container had seen when it was started; null where that is not known. */
  readonly oomKills: number | null
  status: ExitStatus | null = null
  /** How far both directions had come at the last checkpoint. */
  #checkpoint = { fedLines: 0, linesOut: 0, bytesOut: 0 }
  readonly #splitter: LineSplitter
  readonly #hooks: LaneHooks
  #paused = false
  #readsNothing = false
  #stdoutEnded = false
  #lastByte = 0
  #onEnd: (() => void) | null = null

  constructor(
    child: Child,
    answers: AnswerReader | null,
    options: { readonly maxLine: number; readonly oomKills: number | null; readonly awaitsReady?: boolean },
    hooks: LaneHooks,
  ) {
    this.child = child
    this.answers = answers
    this.oomKills = options.oomKills
    this.control = new LaneControl(options.awaitsReady ?? false)
    this.#splitter = new LineSplitter(options.maxLine)
    this.#hooks = hooks
    child.stdout.listen({
      data: (chunk, headroom) => this.#data(chunk, headroom),
      end: () => {
        this.#stdoutEnded = true
        if (!this.over) {
          this.stdoutClosed = !this.isLeaving
          this.#hooks.closed('stdout')
        }
        this.#onEnd?.()
      },
    })
  }

  get over(): boolean {
    return this.status !== null
  }

  /** It was told that nothing more comes, and may close what it has open. */
  get isLeaving(): boolean {
    return this.inputEnded && !this.#readsNothing
  }

  /** Records that it has and that are not done, as far as is known. */
  get inFlight(): number {
    return this.answers?.length ?? this.handed.length
  }

  /** Records [from, to) of the batch are about to be written to it. */
  give(batch: LineBatch, from: number, to: number): void {
    this.fedLines += to - from
    if (this.answers) this.answers.push(batch, from, to)
    else this.handed.push(batch, from, to)
  }

  /** Records given and lines printed since the last call: to be called at a checkpoint. */
  sinceCheckpoint(): { readonly records: number; readonly lines: number; readonly bytes: number } {
    const before = this.#checkpoint
    const { fedLines, linesOut, bytesOut } = this
    this.#checkpoint = { fedLines, linesOut, bytesOut }
    return { records: fedLines - before.fedLines, lines: linesOut - before.linesOut, bytes: bytesOut - before.bytesOut }
  }

  /** The partition is given away. */
  forget(topic: string, partition: number): void {
    this.answers?.forget(topic, partition)
    this.handed.forget(topic, partition)
  }

  /** Whether it can be seen to have finished everything: not while it keeps back lines, cannot say any, or did not get some. */
  get checkable(): boolean {
    return !this.blockBuffered && !this.inputFailed && !this.mute
  }

  get partialLength(): number {
    return this.#splitter.partialLength
  }

  get paused(): boolean {
    return this.#paused
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.child.stdout.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.child.stdout.resume()
  }

  /** Nobody looks any more at what it printed before these lines. */
  release(lines: Lines): void {
    if (this.givenUp) return
    this.child.stdout.release?.(lines.bytes)
    this.#splitter.release(lines)
  }

  /** A write of so many bytes failed. */
  refused(bytes: number): void {
    this.inputFailed = true
    // A pipe that is written to only when it has room takes all of so little, or nothing since nobody can read it.
    if (bytes <= LEAST_PIPE) this.bytesIn -= bytes
    if (!this.over) this.#hooks.closed('stdin')
  }

  /** Of a source: there is no input, from the beginning. */
  readNothing(): void {
    this.#readsNothing = true
    this.endInput()
  }

  endInput(): void {
    this.inputEnded = true
    this.child.stdin.end()
  }

  /** Resolves when stdout came to its end, or stayed silent too long because somebody else holds it open. */
  async drained(clock: Clock): Promise<void> {
    let timer: Timer | null = null
    if (!this.#stdoutEnded) {
      await new Promise<void>((resolve) => {
        this.#onEnd = resolve
        const look = (seen: number): void => {
          timer = clock.arm(STDOUT_END_WAIT, () => {
            // While back-pressure keeps us from reading, silence says nothing.
            if (this.#lastByte === seen && !this.#paused) resolve()
            else look(this.#lastByte)
          })
        }
        look(this.#lastByte)
      })
    }
    ;(timer as Timer | null)?.cancel()
    this.child.stdout.destroy()
  }

  /** What was printed after the last newline. */
  takePartial(): Uint8Array {
    return this.#splitter.partial
  }

  #data(chunk: Uint8Array, headroom = 0): void {
    // What it said before it printed this may be about it.
    this.child.control?.catchUp()
    this.bytesOut += chunk.length
    this.#lastByte++
    this.recorder.printed(chunk)
    const lines = this.#splitter.push(chunk, headroom)
    const oversized = this.#splitter.takeOversized()
    let from = 0
    for (const { head, length, afterLine } of oversized) {
      if (lines && afterLine > from) this.#deliver(sliceLines(lines, from, afterLine))
      from = Math.max(from, afterLine)
      this.linesOut++
      this.#hooks.oversized(head, length)
    }
    if (lines && from < lines.count) this.#deliver(from === 0 ? lines : sliceLines(lines, from, lines.count))
  }

  #deliver(lines: Lines): void {
    for (let from = 0; from < lines.count; from += LINES_MAX) {
      const to = Math.min(lines.count, from + LINES_MAX)
      const some = to - from === lines.count ? lines : sliceLines(lines, from, to)
      this.linesOut += some.count
      this.#hooks.lines(some)
    }
  }
}
