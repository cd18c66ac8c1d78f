// Records ⇄ lines for one namespec. It owns the child's pipes and nothing else: the Supervisor keeps the child alive.
import { Answering } from './answering.ts'
import { AnswerFifo, type AnswerRun } from '../domain/stream/fifo.ts'
import type { LineBatch } from '../domain/stream/line-batch.ts'
import { startOfLine } from '../domain/stream/lines.ts'
import { ByteWindow } from '../domain/stream/window.ts'
import type { Millis } from '../domain/time.ts'
import { Checkpointer } from './checkpointer.ts'
import { Committer } from './committer.ts'
import { Feeder, type FeederHooks, type Piece } from './feeder.ts'
import { Lane } from './lane.ts'
import { Intake } from './intake.ts'
import { OutputPump } from './output-pump.ts'
import { PartitionBook } from './partition-book.ts'
import type { Child, PipeOwner, RecordConsumer } from './ports.ts'
import type { ExitStatus } from '../domain/process/state.ts'
import type { StreamSnapshot } from './snapshot.ts'
import type { StreamParts, StreamSides } from './stream-parts.ts'
import { Settling } from './settling.ts'
import { StreamReport } from './stream-report.ts'
import { streamSnapshot } from './stream-snapshot.ts'

export class StreamProxy implements PipeOwner {
  readonly #parts: StreamParts
  readonly #book = new PartitionBook()
  readonly #settling: Settling
  readonly #report: StreamReport
  readonly #window: ByteWindow
  readonly #feeder: Feeder
  readonly #pump: OutputPump
  readonly #answering: Answering
  readonly #intake: Intake
  readonly #checkpointer: Checkpointer
  /** Incarnations whose stdout is still read: the living one, and dead ones that are being finished. */
  readonly #lanes = new Set<Lane>()
  #sides: StreamSides
  #lane: Lane | null = null
  /** Finishing of dead incarnations; nothing is fed before it is done. */
  #finishing: Promise<void> = Promise.resolve()
  #draining = false
  #final = false

  constructor(parts: StreamParts, sides: StreamSides) {
    const { clock, events, namespec } = parts
    this.#parts = parts
    this.#sides = sides
    this.#report = new StreamReport(events, namespec)
    // Half for what goes in and half for what comes out: each can then always make room for itself.
    this.#window = new ByteWindow(Math.floor(parts.bufferBytes / 2))
    this.#feeder = new Feeder(clock, this.#window, this.#feederHooks(), () => this.#relay)
    this.#pump = new OutputPump({ clock, bufferBytes: parts.bufferBytes / 2 }, sides, {
      answered: (answers) => this.#answered(answers),
      written: (records, bytes) => this.#report.written(records, bytes),
      deadLettered: (letters) => this.#report.deadLettered(letters),
      abandoned: (answers) => {
        for (const { batch, from, to } of answers) this.#release(batch, from, to)
      },
      relieved: () => {
        for (const lane of this.#lanes) lane.resume()
      },
      failed: parts.failed,
    })
    this.#answering = new Answering(
      parts,
      this.#pump,
      this.#report,
      () => this.#sides.protocol,
      (lane, forGood) => this.#violated(lane, forGood),
    )
    this.#settling = new Settling(clock, this.#book, new Committer(clock, this.#book, events, namespec, sides.source))
    this.#intake = new Intake(parts, this.#book, this.#window, this.#feeder, this.#report, {
      letters: () => this.#sides.letters,
      lane: () => this.#lane,
      drain: (limit) => this.#drain(limit),
      ended: () => this.#rested(),
    })
    this.#checkpointer = new Checkpointer(clock, parts.checkpointIntervalMs, this.#feeder, this.#book, {
      activity: parts.activity,
      outputPaused: () => this.#lane?.paused ?? false,
      reached: async (claim, quality) => {
        if (!(await this.#pump.flushed())) return
        this.#report.checkpoint(quality)
        await this.#settling.settle(claim)
      },
      missed: () => this.#report.missedCheckpoint(),
      blockBuffered: (lane) => this.#report.blockBuffered(lane),
    })
  }

  get #relay(): boolean {
    return this.#sides.protocol === 'relay'
  }

  // ---- the child's pipes (called by the Supervisor) --------------------------------------------------------------

  opened(child: Child): void {
    const lane: Lane = new Lane(child, new AnswerFifo(), this.#parts.maxLine, {
      lines: (lines) => {
        this.#answering.lines(lane, lines)
        if (this.#pump.isFull) lane.pause()
      },
      oversized: (head, length) => this.#answering.oversized(lane, head, length),
    })
    this.#lane = lane
    this.#lanes.add(lane)
    void this.#finishing.then(() => {
      if (lane.over || this.#lane !== lane) return
      this.#checkpointer.attach(lane)
      this.#feeder.attach(child.stdin)
      this.#rested()
    })
  }

  /** A stop begins: the child learns that nothing more comes. */
  endInput(child: Child): void {
    if (this.#lane?.child === child) this.#lane.endInput()
  }

  closed(child: Child, status: ExitStatus, signalled: boolean): void {
    const lane = this.#lane
    if (lane?.child !== child) return
    lane.status = status
    if (this.#feeder.writing) lane.inputFailed = true
    this.#feeder.detach()
    this.#checkpointer.detach()
    this.#finishing = this.#finishing.then(() => this.#finish(lane, status, signalled)).catch(this.#parts.failed)
  }

  /** Where the source brings its records. */
  get consumer(): RecordConsumer {
    return this.#intake
  }

  /** Resolves when everything that dead incarnations left behind is stored, committed or due to be fetched again. */
  get finished(): Promise<void> {
    return this.#finishing
  }

  // ---- re-adjustment and stop --------------------------------------------------------------------------------------

  /**
   * Stops feeding and waits, at most `limit`, until everything handed over is settled and committed. True: it is.
   * `final`: the agent is about to leave, so nothing will be fetched again.
   */
  async drain(limit: Millis, final = false): Promise<boolean> {
    this.#draining = true
    this.#final ||= final
    this.#feeder.hold('drain')
    this.#sides.source.pause()
    await this.#drain(limit)
    return this.#book.unsettled() === 0
  }

  /** Ends a drain; what was not settled by the incarnation that is gone is fetched again. */
  resume(): void {
    this.#draining = false
    this.#sides.source.resume()
    this.#feeder.letGo('drain')
  }

  /** Exchanges the sides that differ. Drained first; nothing may be on its way out. */
  use(sides: StreamSides): void {
    if (sides.source !== this.#sides.source) {
      this.#report.leftBehind(this.#book.clear(), sides.topics)
      this.#feeder.purge()
      this.#settling.use(sides.source)
    }
    this.#pump.use(sides)
    this.#sides = sides
    this.#answering.forgive()
    this.#feeder.letGo('violation')
  }

  /** Gives up output that cannot be stored: its records stay unsettled, and are read again by the next incarnation. */
  abandonOutput(): void {
    this.#pump.abandon()
  }

  close(): void {
    this.#settling.stop()
    this.#checkpointer.detach()
    this.#window.cancelWaiting()
  }

  // ---- in --------------------------------------------------------------------------------------------------------

  #feederHooks(): FeederHooks {
    return {
      accepts: (batch) => this.#book.accepts(batch),
      handingOver: (piece) => this.#handingOver(piece),
      failed: () => {
        if (this.#lane) this.#lane.inputFailed = true
      },
      rested: () => this.#rested(),
    }
  }

  #handingOver(piece: Piece): void {
    const lane = this.#lane
    if (!lane) return
    const at = this.#parts.clock.now()
    this.#book.handedOver(piece.batch, piece.first, piece.next, at)
    lane.fedLines += piece.to - piece.from
    if (this.#relay) {
      this.#checkpointer.fed()
      return
    }
    const answerable = piece.batch.offsets[piece.from]
    // Tombstones and refused records in front of the first line have no answer to wait for.
    const skippedUpTo = piece.from === piece.to || answerable === undefined ? piece.next : answerable
    this.#book.settle(piece.batch, piece.batch.epoch, piece.first, skippedUpTo, at)
    if (piece.to > piece.from) lane.fifo.push(piece.batch, piece.from, piece.to)
    else this.#settling.commitSoon()
  }

  #rested(): void {
    if (this.#relay) this.#checkpointer.rested()
    const lane = this.#lane
    if (this.#intake.over && this.#feeder.empty && this.#feeder.resting && lane && !lane.over && !lane.inputEnded) {
      lane.endInput()
    }
  }

  // ---- out -------------------------------------------------------------------------------------------------------

  #answered(answers: readonly AnswerRun[]): void {
    for (const { batch, from, to } of answers) this.#release(batch, from, to)
    this.#settling.answered(answers)
  }

  #release(batch: LineBatch, from: number, to: number): void {
    this.#window.release((batch.ends[to - 1] ?? 0) - startOfLine(batch, from))
  }

  #violated(lane: Lane, forGood: boolean): void {
    this.#feeder.detach()
    if (forGood) this.#feeder.hold('violation')
    this.#parts.broken(lane.child.pid)
  }

  // ---- settling --------------------------------------------------------------------------------------------------

  /** A dead incarnation: what it said is stored, what it did not settle is fetched again. */
  async #finish(lane: Lane, status: ExitStatus, signalled: boolean): Promise<void> {
    await lane.drained(this.#parts.clock)
    this.#lanes.delete(lane)
    const clean = status.code === 0 && lane.inputEnded
    this.#answering.lastLine(lane, clean)
    const stored = await this.#pump.flushed()
    // It read everything, came to the end of its input and left by itself: only then has it surely answered everything.
    const complete = clean && !signalled && !lane.inputFailed && lane.child.stdin.unread() === 0
    if (stored && complete && this.#relay) await this.#settling.settle(this.#book.outstanding())
    for (const { batch, from, to } of lane.fifo.take(lane.fifo.length)) this.#release(batch, from, to)
    if (stored) await this.#settling.commit()
    if (this.#parts.replayable && !this.#final) this.#replay()
    this.#settling.wake()
  }

  #replay(): void {
    const rewound = this.#book.rewindOutstanding()
    this.#feeder.purge()
    for (const { topic, partition, offset, epoch } of rewound) {
      this.#report.counters.replays++
      this.#sides.source.rewind({ topic, partition }, offset, epoch)
      this.#report.publish('replay', 'info', 'unanswered records are read again', { topic, partition, offset })
    }
  }

  async #drain(limit: Millis): Promise<void> {
    const until = this.#parts.clock.now() + limit
    if (this.#relay) void this.#checkpointer.drain(until).then(() => this.#settling.wake())
    // A child that keeps lines back says the rest only when its input ends.
    await this.#settling.wait(limit, () => this.#lane?.over !== false || this.#lane.blockBuffered)
  }

  /** This stream's part of the read model. */
  snapshot(): StreamSnapshot {
    return streamSnapshot({
      namespec: this.#parts.namespec,
      now: this.#parts.clock.now(),
      sides: this.#sides,
      report: this.#report,
      settling: this.#settling,
      lane: this.#lane?.over === false ? this.#lane : null,
      phase: this.#phase(),
      bufferedBytes: this.#window.used + this.#pump.queuedBytes,
      bufferLimitBytes: this.#parts.bufferBytes,
    })
  }

  #phase(): StreamSnapshot['phase'] {
    if (this.#draining) return 'draining'
    if (this.#feeder.heldBy('violation')) return 'stopped'
    if (this.#checkpointer.holding) return 'holding'
    return this.#lane?.over === false ? 'feeding' : 'idle'
  }
}
