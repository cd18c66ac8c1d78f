import type { Millis } from '../../domain/time.ts'
import { drainStream } from './drain-stream.ts'
import { diedOfMemory, finish } from './finishing.ts'
import type { Child, PipeOwner, RecordConsumer } from '../ports.ts'
import type { ExitStatus } from '../../domain/process/state.ts'
import type { StreamSnapshot } from '../snapshot.ts'
import type { StreamParts, StreamSides } from './stream-parts.ts'
import { streamSnapshot } from './stream-snapshot.ts'
import { StreamWorks } from './stream-works.ts'

/**
 * Records ⇄ lines for one namespec. It owns the child's pipes and nothing else: the Supervisor keeps the child alive.
 */
export class StreamProxy implements PipeOwner {
  readonly #parts: StreamParts
  readonly #works: StreamWorks
  /** Finishing of dead incarnations; nothing is fed before it is done. */
  #finishing: Promise<void> = Promise.resolve()
  #draining = false

  constructor(parts: StreamParts, sides: StreamSides) {
    this.#parts = parts
    this.#works = new StreamWorks(parts, sides)
  }

  // ---- the child's pipes (called by the Supervisor) --------------------------------------------------------------

  opened(child: Child): void {
    const works = this.#works
    const lane = works.newLane(child)
    works.control.attach(lane)
    void Promise.all([this.#finishing, lane.control.ready]).then(() => {
      if (lane.over || works.lane !== lane) return
      if (works.rules.settles === 'never') {
        lane.readNothing()
        return
      }
      works.checkpointer.attach(lane)
      works.feeder.attach(child.stdin)
      works.rested()
    })
  }

  /** A stop begins: the child learns that nothing more comes. */
  endInput(child: Child): void {
    const { lane } = this.#works
    if (lane?.child !== child) return
    lane.stopping = true
    lane.endInput()
  }

  closed(child: Child, status: ExitStatus, signalled: boolean): void {
    const works = this.#works
    const { lane } = works
    if (lane?.child !== child) return
    lane.status = status
    if (works.feeder.writing) lane.inputFailed = true
    works.feeder.detach()
    works.checkpointer.detach()
    works.batchRuns.stop()
    works.patience.stop()
    const ending = { status, signalled, oomKills: this.#parts.oomKills() }
    if (!signalled && diedOfMemory(lane, ending)) works.report.outOfMemory(child.pid)
    this.#finishing = this.#finishing
      .then(() => finish(works, lane, ending))
      .finally(() => {
        if (this.#parts.replayable) works.replay(works.book.rewindOutstanding())
        works.settling.wake()
      })
      .catch(this.#parts.failed)
  }

  /** Where the source brings its records. */
  get consumer(): RecordConsumer {
    return this.#works.intake
  }

  /** Resolves when everything that dead incarnations left behind is stored, committed or due to be fetched again. */
  get finished(): Promise<void> {
    return this.#finishing
  }

  /** Why the run is no good, whatever the Calculator's exit code says; to be asked when it is `finished`. */
  get fault(): string | null {
    return this.#works.fault
  }

  // ---- re-adjustment and stop --------------------------------------------------------------------------------------

  /**
   * Stops fetching and feeding and waits, at most `limit`, until everything handed over is settled and committed. True: it
   * is. What a Calculator that dies meanwhile leaves behind is fetched again after `resume`, or by the next owner.
   * `goesOn`: `resume` follows, and an input that is read once is not ended for the drain.
   */
  async drain(limit: Millis, goesOn = false): Promise<boolean> {
    this.#draining = true
    this.#works.feeder.hold('drain')
    this.#works.sides.source.pause()
    await drainStream(this.#works, limit, goesOn)
    return this.#works.book.unsettled() === 0 && this.#works.settling.commits.isClosed
  }

  /** Ends a drain; what was not settled by the incarnation that is gone is fetched again. */
  resume(): void {
    this.#draining = false
    this.#works.sides.source.resume()
    this.#works.feeder.letGo('drain')
  }

  /** Exchanges the sides that differ. Drained first; what an exchanged sink has not stored goes to the new one. */
  use(sides: StreamSides): void {
    const works = this.#works
    if (sides.source !== works.sides.source) {
      works.report.leftBehind(works.book.clear(), sides.topics)
      works.isolation.clear()
      works.intake.beginAnew()
      works.settling.commits.use(sides.source)
    }
    works.pump.use(sides)
    works.use(sides)
    works.answering.forgive()
    works.feeder.letGo('violation')
  }

  /** Gives up output that cannot be stored: its records stay unsettled, and are read again by the next incarnation. */
  abandonOutput(): void {
    this.#works.abandon()
    this.#works.settling.commits.abandon()
  }

  close(): void {
    this.#works.stop()
    this.#works.control.stop()
  }

  /** This stream's part of the read model. */
  snapshot(): StreamSnapshot {
    const works = this.#works
    return streamSnapshot({
      namespec: this.#parts.namespec,
      now: this.#parts.clock.now(),
      sides: works.sides,
      report: works.report,
      settling: works.settling,
      lane: works.lane?.over === false ? works.lane : null,
      phase: this.#phase(),
      isolating: works.isolation.isOn,
      control: works.control.snapshot(works.lane?.over === false ? works.lane : null),
      problem: works.problem,
      stdinBlockedMs: works.feeder.blockedMs,
      bufferedBytes: works.window.used + works.pump.queuedBytes,
      bufferLimitBytes: works.bufferLimit,
    })
  }

  #phase(): StreamSnapshot['phase'] {
    const { feeder, checkpointer, lane } = this.#works
    if (this.#draining) return 'draining'
    if (feeder.heldBy('violation')) return 'stopped'
    if (checkpointer.holding) return 'holding'
    return lane?.over === false ? 'feeding' : 'idle'
  }
}
