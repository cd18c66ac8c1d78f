import type { Millis } from '../domain/time.ts'
import type { EventRing } from './event-ring.ts'
import type { Clock, LoopDelay } from './ports.ts'
import type {
  DocumentSnapshot,
  NumberedEvent,
  ProcessSnapshot,
  ReadModel,
  Snapshot,
  StreamSnapshot,
} from './snapshot.ts'

/** Where the snapshot's parts come from, and what never changes. */
export interface ModelParts {
  readonly clock: Clock
  readonly events: EventRing
  readonly version: string
  readonly platformVersion: string | null
  readonly nodeId: string | null
  readonly instanceId: string
  readonly processes: () => readonly ProcessSnapshot[]
  readonly streams: () => readonly StreamSnapshot[]
  readonly document: () => DocumentSnapshot
  readonly waitingFor: () => string | null
  readonly adopting: () => boolean
  readonly loopLag: () => LoopDelay | null
  /** Ms since Consul last told what the run document's key holds; null for never. */
  readonly consulAnswerAge: () => Millis | null
}

/** The agent's read model: put together when it is asked for. */
export class AgentModel implements ReadModel {
  readonly #parts: ModelParts
  readonly #startedAt: number
  #consul: Snapshot['agent']['consul'] = 'off'
  #consulReason = ''
  #leaving: 'draining' | 'stopped' | null = null

  constructor(parts: ModelParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.wall()
  }

  /** How it stands with Consul; `reason`: why it cannot be reached. */
  consul(state: Snapshot['agent']['consul'], reason: string): void {
    this.#consul = state
    this.#consulReason = reason
  }

  /** From now on the agent leaves, or has left. */
  leaving(state: 'draining' | 'stopped'): void {
    this.#leaving = state
  }

  snapshot(): Snapshot {
    const { clock, events, version, platformVersion, nodeId, instanceId } = this.#parts
    const streams = this.#parts.streams()
    const document = this.#parts.document()
    return {
      seq: events.seq,
      at: clock.wall(),
      agent: {
        ...this.#state(streams, document),
        version,
        platformVersion,
        nodeId,
        instanceId,
        startedAt: this.#startedAt,
        consul: this.#consul,
        consulAnswerAgeMs: this.#parts.consulAnswerAge(),
        loopLagMs: this.#parts.loopLag(),
      },
      document,
      processes: this.#parts.processes(),
      streams,
    }
  }

  since(seq: number): readonly NumberedEvent[] {
    return this.#parts.events.since(seq)
  }

  subscribe(listener: (event: NumberedEvent) => void): () => void {
    return this.#parts.events.subscribe(listener)
  }

  #state(streams: readonly StreamSnapshot[], document: DocumentSnapshot): Pick<Snapshot['agent'], 'state' | 'reason'> {
    if (this.#leaving) return { state: this.#leaving, reason: '' }
    const waitingFor = this.#parts.waitingFor()
    if (waitingFor !== null) return { state: 'waiting', reason: waitingFor }
    if (this.#parts.adopting()) return { state: streams.length === 0 ? 'starting' : 'adopting', reason: '' }
    if (streams.length === 0) return { state: 'starting', reason: '' }
    const reason =
      streams.map(({ input, output }) => input.error ?? output.error).find((error) => error !== null) ??
      (this.#consul === 'unreachable' ? `Consul cannot be reached: ${this.#consulReason}` : null) ??
      (document.state === 'refused' || document.state === 'rolled-back'
        ? `run document ${document.state.replace('-', ' ')}`
        : null)
    return reason === null ? { state: 'running', reason: '' } : { state: 'degraded', reason }
  }
}
