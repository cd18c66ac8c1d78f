import { controlMessage, type ControlMessage, type RecordName } from '../../domain/control/message.ts'
import { CalculatorMetrics } from '../../domain/control/metrics.ts'
import type { Millis } from '../../domain/time.ts'
import type { Answering } from './answering.ts'
import type { Feeder } from './feeder.ts'
import type { Lane } from './lane.ts'
import type { Clock, Timer } from '../ports.ts'
import type { ControlSnapshot } from '../snapshot.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

/** What the stream is built with where its Calculators have a control channel. */
export interface ControlParts {
  /** Nothing is fed before the Calculator says that it is ready. */
  readonly awaitsReady: boolean
  /** The records of a sink are done when it says so. */
  readonly acks: boolean
  /** It said that it is ready. */
  readonly ready: () => void
  /** A line for the log, as JSON. */
  readonly log: (pid: number, line: string) => void
}

export interface ControlHooks {
  /** Records up to this one, counted from 1, are kept. */
  acknowledged(lane: Lane, record: number): void
  /** It is about to end by itself: nothing more is handed over. */
  stopping(lane: Lane): void
}

const NOT_READY_AFTER: Millis = 30_000
/** What a Calculator does wrong it does often. */
const PROBLEM_AGAIN: Millis = 60_000
const STATE_AGAIN: Millis = 1000

interface Works {
  readonly parts: StreamParts
  readonly report: StreamReport
  readonly answering: Answering
  readonly feeder: Feeder
  readonly lane: Lane | null
}

/** The control desk of these works. */
export const controlDesk = (works: Works): ControlDesk =>
  new ControlDesk(works.parts.clock, works.parts.control, works.report, {
    acknowledged: (lane, record) => works.answering.acknowledged(lane, record),
    stopping: (lane) => {
      lane.stopping = true
      if (lane === works.lane) works.feeder.detach()
    },
  })

/** Listens to the control channels of a stream's Calculators, and does what each message asks for. */
export class ControlDesk {
  readonly #clock: Clock
  readonly #parts: ControlParts | undefined
  readonly #report: StreamReport
  readonly #hooks: ControlHooks
  readonly #metrics = new CalculatorMetrics()
  #problemAt: Millis = -Infinity
  #problemsUntold = 0
  #stateAt: Millis = -Infinity
  #patience: Timer | null = null

  constructor(clock: Clock, parts: ControlParts | undefined, report: StreamReport, hooks: ControlHooks) {
    this.#clock = clock
    this.#parts = parts
    this.#report = report
    this.#hooks = hooks
  }

  /** A new incarnation. */
  attach(lane: Lane): void {
    this.#problemAt = -Infinity
    lane.child.control?.listen((line, cut) => this.#said(lane, line, cut))
    this.#patience?.cancel()
    this.#patience = this.#clock.arm(NOT_READY_AFTER, () => {
      if (lane.over || lane.control.isReady) return
      const message = 'the Calculator has not said that it is ready (CHILD_CONTROL=ready): nothing is handed to it'
      this.#report.publish('not-ready', 'warn', message, { seconds: NOT_READY_AFTER / 1000 })
    })
  }

  stop(): void {
    this.#patience?.cancel()
  }

  /** `lane` null: no Calculator lives. */
  snapshot(lane: Lane | null): ControlSnapshot | null {
    if (!this.#parts) return null
    const at = lane?.control.heartbeatAt ?? null
    return {
      ready: lane?.control.isReady ?? false,
      state: lane?.control.state ?? null,
      stopping: lane?.control.stopping ?? false,
      heartbeatAgeMs: at === null ? null : Math.round(this.#clock.now() - at),
      metrics: this.#metrics.list(),
    }
  }

  #said(lane: Lane, line: string, cut: boolean): void {
    const message = controlMessage(line, cut)
    const problem = 'problem' in message ? message.problem : this.#follow(lane, message)
    if (problem !== null) this.#complain(lane, problem)
  }

  /** null, or why it cannot be followed. */
  #follow(lane: Lane, message: ControlMessage): string | null {
    const { control } = lane
    switch (message.type) {
      case 'ready':
        control.becomeReady()
        this.#parts?.ready()
        return null
      case 'heartbeat':
        control.heartbeats++
        control.heartbeatAt = this.#clock.now()
        return null
      case 'stopping':
        control.stopping = true
        this.#hooks.stopping(lane)
        return null
      case 'state':
        this.#state(lane, message.text)
        return null
      case 'log':
        this.#parts?.log(lane.child.pid, message.line)
        return null
      case 'metric':
        return this.#metrics.take(message)
      case 'ack':
        return this.#acknowledge(lane, message.record)
      case 'nack': {
        const { record, reason, retry } = message
        if (!lane.answers) return 'nack: this PROTOCOL does not tell of single records'
        if (!lane.answers.knows(record)) return `nack: ${named(record)} is not in work`
        control.refusals.set(record, { reason, retry })
        return null
      }
    }
  }

  #acknowledge(lane: Lane, record: number): string | null {
    if (!lane.answers?.acknowledge) return 'ack: it needs PROTOCOL=sink and CHILD_CONTROL=ack'
    if (record <= (lane.answers.answered ?? 0)) return null
    if (!lane.answers.knows(record)) return `ack: ${named(record)} was not given yet`
    this.#hooks.acknowledged(lane, record)
    return null
  }

  #state(lane: Lane, text: string): void {
    const { control } = lane
    if (control.state === text) return
    control.state = text
    const now = this.#clock.now()
    if (now - this.#stateAt < STATE_AGAIN) return
    this.#stateAt = now
    this.#report.publish('state', 'info', `the Calculator says: ${text}`, { pid: lane.child.pid })
  }

  #complain(lane: Lane, problem: string): void {
    this.#report.counters.controlProblems++
    this.#problemsUntold++
    const now = this.#clock.now()
    if (now - this.#problemAt < PROBLEM_AGAIN) return
    this.#problemAt = now
    const message = `cannot use what the Calculator said on its control channel: ${problem}`
    this.#report.publish('control-problem', 'warn', message, { pid: lane.child.pid, lines: this.#problemsUntold })
    this.#problemsUntold = 0
  }
}

const named = (record: RecordName): string => (typeof record === 'number' ? `record ${record}` : record.slice(0, 80))
