import { AgentError, type ErrorCode } from '../../domain/errors.ts'
import type { DomainEvent } from '../../domain/events.ts'
import { describeOutlived } from '../../domain/process/facts.ts'
import { step } from '../../domain/process/machine.ts'
import type { Signal } from '../../domain/process/spec.ts'
import {
  settled,
  specOfStart,
  type Deadline,
  type Effect,
  type ExitStatus,
  type ProcessEvent,
} from '../../domain/process/state.ts'
import { Deadlines } from './deadlines.ts'
import type { EventRing } from '../event-ring.ts'
import type { Managed } from './managed.ts'
import type { Child, Clock, Spawner } from '../ports.ts'
import { Preparations } from './preparations.ts'
import { Turns } from './turns.ts'

export interface ProcessPorts {
  readonly clock: Clock
  readonly spawner: Spawner
  readonly events: EventRing
}

/**
 * One event into one process, and what the machine wishes for in answer: the only place where `step` meets the world.
 */
export class ProcessTurns {
  readonly #ports: ProcessPorts
  readonly #turns = new Turns()
  readonly #deadlines: Deadlines
  readonly #preparations: Preparations

  constructor(ports: ProcessPorts) {
    this.#ports = ports
    this.#deadlines = new Deadlines(ports.clock)
    this.#preparations = new Preparations(ports.clock)
  }

  /** Now, with all that follows from it. Null: it was obeyed. In the middle of a turn it is a bug. */
  command(managed: Managed, type: 'start' | 'stop'): ErrorCode | null {
    const { name } = managed
    if (this.#turns.turning) throw new Error(`cannot ${type} ${name} in the middle of a turn: defer it to a microtask`)
    return this.#turns.take(() => this.#turn(managed, { type, at: this.#ports.clock.now() }))
  }

  /** Now, or after the turn that is under way; a refusal is passed over. */
  handle(managed: Managed, event: ProcessEvent): void {
    this.#turns.enqueue(() => this.#turn(managed, event))
  }

  /** SIGKILL for its group if `pid` is its child still; one that is refused is told. No stop: what follows a death follows it. */
  kill(managed: Managed, pid: number): void {
    if (managed.child?.pid === pid) this.#kill(managed, pid, 'SIGKILL', true)
  }

  #turn(managed: Managed, event: ProcessEvent): ErrorCode | null {
    if (managed.removed) return null
    const result = step(managed.process, event)
    if ('refused' in result) return result.refused
    managed.process = result.process
    for (const effect of result.effects) this.#perform(managed, effect)
    if (settled(managed.process)) for (const wake of managed.waiters.splice(0)) wake()
    return null
  }

  #perform(managed: Managed, effect: Effect): void {
    switch (effect.type) {
      case 'prepare':
        this.#preparations.begin(managed.name, managed.owner, (event) => this.handle(managed, event))
        break
      case 'callOff':
        this.#preparations.callOff(managed.name)
        break
      case 'spawn':
        this.#spawn(managed)
        break
      case 'closeStdin':
        if (managed.child !== null) managed.owner.endInput(managed.child)
        break
      case 'kill':
        managed.signalled = true
        this.#kill(managed, effect.pid, effect.signal, effect.group)
        break
      case 'sweep':
        this.#kill(managed, effect.pid, 'SIGKILL', true)
        break
      case 'arm':
        this.#deadlines.arm(managed.name, effect.after, () => this.#due(managed, effect.deadline))
        break
      case 'disarm':
        this.#deadlines.disarm(managed.name)
        break
      case 'tell':
        this.#tell(effect.event)
    }
  }

  #tell({ event, level, message, fields }: DomainEvent): void {
    this.#ports.events.publish(event, level, message, fields)
  }

  /** The answer is the very next turn, so that no other event meets a start without its child. */
  #spawn(managed: Managed): void {
    const { spawner, clock } = this.#ports
    const answer = (event: ProcessEvent): void => this.#turns.next(() => this.#turn(managed, event))
    let child: Child
    try {
      const onExit = (status: ExitStatus): void => this.#exited(managed, child, status)
      child = spawner.spawn(specOfStart(managed.process), onExit, managed.owner.prepare?.())
    } catch (error) {
      managed.owner.failed?.(error)
      const reason = reasonOf(error)
      answer({ type: 'spawnFailed', at: clock.now(), wall: clock.wall(), reason })
      return
    }
    managed.child = child
    managed.signalled = false
    answer({ type: 'spawned', at: clock.now(), wall: child.startedAt, pid: child.pid })
    managed.owner.opened(child)
  }

  #exited(managed: Managed, child: Child, status: ExitStatus): void {
    const { clock } = this.#ports
    const event: ProcessEvent = { type: 'exited', at: clock.now(), wall: clock.wall(), status }
    this.#turns.enqueue(() => {
      managed.child = null
      try {
        // Before the turn, which may open the next incarnation at once.
        managed.owner.closed(child, status, managed.signalled)
      } finally {
        // Whatever becomes of its pipes, the child is dead: who does not learn it waits for its end for ever.
        // Removed while UNKNOWN: nothing changes by it, and the name may be another's by now.
        if (managed.removed) this.#tell(describeOutlived(managed.process, child.pid, status))
        else this.#turn(managed, event)
      }
    })
  }

  #kill(managed: Managed, pid: number, signal: Signal, group: boolean): void {
    try {
      this.#ports.spawner.kill(pid, signal, group)
    } catch (error) {
      this.handle(managed, { type: 'killFailed', at: this.#ports.clock.now(), reason: reasonOf(error) })
    }
  }

  /** supervisord: Subprocess.transition starts nothing while it shuts down. */
  #due(managed: Managed, deadline: Deadline): void {
    if (deadline === 'retryDue' && managed.halted) return
    this.handle(managed, { type: deadline, at: this.#ports.clock.now() })
  }
}

const reasonOf = (error: unknown): string => (error instanceof AgentError ? error.subject : String(error))
