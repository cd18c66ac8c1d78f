import { Answering, type Feeding } from './answering.ts'
import { BatchRuns } from './batch-runs.ts'
import type { AnswerRun } from '../../domain/stream/fifo.ts'
import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { ProtocolRules } from '../../domain/stream/protocol/protocol.ts'
import { rulesOf } from '../../domain/stream/protocol/rules.ts'
import type { ByteWindow } from '../../domain/stream/window.ts'
import { unescape } from '../../wire/json-bytes.ts'
import { controlDesk, type ControlDesk } from './control-desk.ts'
import { checkpointReached } from './checkpoint-reached.ts'
import { Checkpointer } from './checkpointer.ts'
import { lookAtStdin, pipeClosed, pipesNeeded } from './closed-pipes.ts'
import { Committer } from './committer.ts'
import { drainStream } from './drain-stream.ts'
import { Feeder } from './feeder.ts'
import type { FinishingParts } from './finishing.ts'
import { HandingOver } from './handing-over.ts'
import { HeldLetters } from './held-letters.ts'
import { Isolation } from './isolation.ts'
import { Lane } from './lane.ts'
import { Intake } from './intake.ts'
import { OutputPump } from './output-pump.ts'
import { recordAt } from './outgoing.ts'
import { PartitionBook, type Position } from './partition-book.ts'
import { Patience } from './patience.ts'
import type { Child } from '../ports.ts'
import type { StreamParts, StreamSides } from './stream-parts.ts'
import { Settling } from './settling.ts'
import { StreamBuffers } from './stream-buffers.ts'
import { StreamReport } from './stream-report.ts'
import { Transacting } from './transacting.ts'
import { listenTo, transactingParts } from './transacting-parts.ts'

/**
 * The parts of one stream, wired: what each of them needs of the others. Who calls them from outside is StreamProxy.
 */
export class StreamWorks implements FinishingParts {
  readonly parts: StreamParts
  readonly book = new PartitionBook()
  readonly settling: Settling
  readonly report: StreamReport
  readonly buffers: StreamBuffers
  readonly isolation: Isolation
  readonly feeder: Feeder
  readonly pump: OutputPump
  readonly answering: Answering
  readonly control: ControlDesk
  readonly intake: Intake
  readonly checkpointer: Checkpointer
  readonly batchRuns: BatchRuns
  readonly patience: Patience
  /** Incarnations whose stdout is still read: the living one, and dead ones that are being finished. */
  readonly lanes = new Set<Lane>()
  /** Only with exactly-once. */
  readonly heldLetters: HeldLetters | null
  readonly #handingOver: HandingOver
  /** Only with exactly-once. */
  readonly #transacting: Transacting | null
  /** Why feeding was stopped for good; null while it was not. */
  problem: string | null = null
  fault: string | null = null
  sides: StreamSides
  /** The last incarnation. */
  lane: Lane | null = null

  constructor(parts: StreamParts, sides: StreamSides) {
    const { clock, events, namespec } = parts
    this.parts = parts
    this.sides = sides
    this.report = new StreamReport(events, namespec, clock)
    const buffers = (this.buffers = new StreamBuffers(parts.bufferBytes, () => this.rules))
    this.heldLetters = parts.transactionLimitMs === null ? null : new HeldLetters((bytes) => this.window.release(bytes))
    const isolation = (this.isolation = new Isolation(parts, this.report, () => this.feeder.goOn()))
    const note = (at: TopicPartition, position: number): string => isolation.note(at, position)
    const { transactionLimitMs: limit } = parts
    const transacting = limit === null ? null : new Transacting(transactingParts(this, limit, note))
    this.#transacting = transacting
    const commits = transacting ?? new Committer(parts, this.book, sides.source, note)
    this.settling = new Settling(clock, this.book, commits, (at) => {
      isolation.settled(at, this.book.position(at), transacting === null)
      transacting?.settled()
    })
    this.#handingOver = new HandingOver(parts, this.book, isolation, this.settling, {
      lane: () => this.lane,
      rules: () => this.rules,
      handedOver: (lane) => {
        if (this.rules.settles === 'checkpoint') this.checkpointer.fed()
        this.patience.fed(lane)
      },
      letters: ({ batch, first, next }, front) => {
        const due = this.heldLetters?.take(batch, next) ?? []
        for (const { letter, offset } of due) this.pump.push({ letter, of: recordAt(batch, offset), done: [] })
        const isFront = due.some(({ offset }) => offset < front)
        if (isFront) this.pump.push({ done: [], skipped: { batch, first, next: front } })
        return isFront
      },
    })
    this.feeder = new Feeder(
      clock,
      this.window,
      {
        accepts: (batch) => this.book.accepts(batch),
        allowance: () => this.#handingOver.allowance(),
        before: (pieces) => this.#handingOver.before(pieces),
        handingOver: (piece) => this.#handingOver.handOver(piece),
        failed: (bytes, input) => {
          for (const lane of this.lanes) if (lane.child.stdin === input && !lane.over) lane.refused(bytes)
        },
        rested: () => this.rested(),
      },
      () => buffers.endsWithWrite,
    )
    this.pump = new OutputPump({ clock, bufferBytes: buffers.out }, sides, {
      ...(transacting && { leaving: (items) => transacting.leaving(items) }),
      done: (records) => this.#done(records),
      skipped: (offsets) => this.settling.skipped(offsets),
      written: (records, bytes) => this.report.written(records, bytes),
      landed: (lines) => {
        for (const lane of this.lanes) lane.release(lines)
      },
      exchanged: () => {
        for (const lane of this.lanes) lane.givenUp = true
      },
      deadLettered: (letters) => this.report.deadLettered(letters, this.sides.letters.tellsEach),
      abandoned: (records) => buffers.left(records),
      relieved: () => {
        for (const lane of this.lanes) lane.resume()
      },
      failed: parts.failed,
    })
    this.answering = new Answering(parts, this.pump, this.report, () => this.rules, {
      violated: (lane, feeding, what) => this.#violated(lane, feeding, what),
      again: (batch) => this.feeder.push(batch),
    })
    this.control = controlDesk(this)
    this.intake = new Intake(parts, this.book, this.window, this.feeder, this.report, sides.letters, {
      held: this.heldLetters,
      envelope: () => parts.envelope || this.rules.envelope,
      spare: (batch) => isolation.spare(batch),
      noted: (at, metadata) => isolation.noted(at, metadata),
      forget: ({ topic, partition }) => {
        this.lane?.forget(topic, partition)
        isolation.forget({ topic, partition })
      },
      restarting: (at) => transacting?.restarting(at),
      dropped: () => this.settling.wake(),
      drain: (limit, gone) => drainStream(this, limit, true, gone),
      release: async (partitions) => {
        // What is answered from now on is the next owner's to answer.
        if (transacting) for (const { topic, partition } of partitions) this.lane?.forget(topic, partition)
        await commits.release(partitions)
      },
      ended: () => this.rested(),
      failed: parts.failed,
    })
    this.checkpointer = new Checkpointer(clock, parts.checkpointIntervalMs, this.feeder, this.book, {
      activity: parts.activity,
      outputPaused: () => this.lane?.paused ?? false,
      reached: (claim, quality, began) => checkpointReached(this, transacting, claim, quality, began),
      missed: () => this.report.missedCheckpoint(),
      blockBuffered: (lane) => this.report.blockBuffered(lane),
    })
    this.batchRuns = new BatchRuns(clock, () => this.feeder.resting)
    this.patience = new Patience(clock, parts.answerTimeoutMs, {
      activity: parts.activity,
      outputPaused: () => this.lane?.paused ?? false,
      slow: (_lane, facts) => this.report.slow(facts),
      hung: (lane, facts) => {
        lane.hung = true
        this.report.hung(facts)
        this.feeder.detach()
        parts.broken(lane.child.pid)
      },
    })
    if (transacting) listenTo(this, transacting)
  }

  /** Other sides. What is on its way out is the pump's business. */
  use(sides: StreamSides): void {
    this.sides = sides
    this.intake.use(sides.letters)
    this.problem = null
    if (this.lane) pipesNeeded(this, this.lane)
    if (!this.#transacting) return
    this.#transacting.use()
    listenTo(this, this.#transacting)
  }

  /** What is held at most, in and out. */
  get bufferLimit(): number {
    return this.window.limit + this.pump.limit
  }

  get rules(): ProtocolRules {
    return rulesOf(this.sides.protocol, this.parts.control?.acks ?? false)
  }

  get window(): ByteWindow {
    return this.buffers.window
  }

  /** A new incarnation; it is not fed yet. */
  newLane(child: Child): Lane {
    const { maxLine, oomKills } = this.parts
    const reader = this.rules.reader?.({ unescape, json: () => this.sides.json }) ?? null
    const lane: Lane = new Lane(
      child,
      reader,
      { maxLine, oomKills: oomKills(), awaitsReady: this.parts.control?.awaitsReady ?? false },
      {
        lines: (lines) => {
          this.answering.lines(lane, lines)
          if (this.pump.isFull) lane.pause()
          if (this.isolation.isOn) this.feeder.goOn()
        },
        oversized: (head, length) => this.answering.oversized(lane, head, length),
        closed: (pipe) => pipeClosed(this, lane, pipe),
      },
    )
    lookAtStdin(lane, this.parts.clock, () => pipeClosed(this, lane, 'stdin'))
    this.lanes.add(lane)
    this.lane = lane
    return lane
  }

  stop(): void {
    this.intake.stop()
    this.settling.commits.stop()
    this.checkpointer.detach()
    this.isolation.stop()
    this.batchRuns.stop()
    this.patience.stop()
    this.window.cancelWaiting()
    this.report.close()
  }

  /** Nothing is being handed over, or the source is at its end: a checkpoint, or the end of the input, may be due. */
  rested(): void {
    const lane = this.lane
    const { settles } = this.rules
    if (settles === 'checkpoint') this.checkpointer.rested()
    if (settles === 'exit' && lane && this.parts.replayable) {
      this.batchRuns.rested(lane, this.#handingOver.allowance() === 0)
    }
    if (this.intake.over && this.feeder.empty && this.feeder.resting && lane && !lane.over && !lane.inputEnded) {
      lane.endInput()
    }
  }

  released(records: readonly AnswerRun[]): void {
    this.buffers.left(records)
  }

  /** Gives up output that is not stored, and with it what dead incarnations still say: their records are read again. */
  abandon(): void {
    for (const lane of this.lanes) {
      lane.givenUp = true
      lane.disowned ||= lane.over
    }
    this.pump.abandon()
  }

  /** Feeding stops for good, until the settings are others. */
  giveUp(problem: string): void {
    this.problem = problem
    this.feeder.hold('violation')
    this.report.publish('given-up', 'error', `feeding stops: ${problem}`)
  }

  /** What is not settled, or not committed, is fetched again. */
  replay(rewound: readonly Position[]): void {
    this.feeder.purge()
    this.heldLetters?.purge((at) => this.book.accepts(at))
    for (const { topic, partition, offset, epoch } of rewound) {
      this.report.counters.replays++
      this.sides.source.rewind({ topic, partition }, offset, epoch)
      this.report.publish('replay', 'info', 'unanswered records are read again', { topic, partition, offset })
    }
  }

  #done(records: readonly AnswerRun[]): void {
    this.buffers.left(records)
    this.settling.done(records)
    this.report.stored(records, this.parts.clock.wall())
    this.buffers.recycle(records)
  }

  #violated(lane: Lane, feeding: Feeding, what: string): void {
    this.feeder.detach()
    if (feeding === 'stopped') this.feeder.hold('violation')
    if (feeding === 'ended') this.fault ??= what
    if (!lane.over) this.parts.broken(lane.child.pid)
  }
}
