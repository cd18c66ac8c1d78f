import type { ErrorCode } from '../../../src/domain/errors.ts'
import { AgentError } from '../../../src/domain/errors.ts'
import type { ProgramSpec } from '../../../src/domain/process/spec.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { PipeOwner } from '../../../src/engine/ports.ts'
import type { NumberedEvent } from '../../../src/engine/snapshot.ts'
import { Supervisor } from '../../../src/engine/supervision/supervisor.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeSpawner } from '../../support/fake-spawner.ts'

/** Writes down what it is called with. */
class RecordingOwner implements PipeOwner {
  readonly calls: string[] = []

  opened(child: { readonly pid: number }): void {
    this.calls.push(`opened ${child.pid}`)
  }

  endInput(child: { readonly pid: number }): void {
    this.calls.push(`endInput ${child.pid}`)
  }

  closed(...[child, status, signalled]: Parameters<PipeOwner['closed']>): void {
    this.calls.push(`closed ${child.pid} ${status.code ?? status.signal ?? ''} signalled=${signalled}`)
  }
}

export interface Engine {
  readonly clock: FakeClock
  readonly spawner: FakeSpawner
  readonly events: EventRing
  readonly owner: RecordingOwner
  readonly supervisor: Supervisor
}

/** A real Supervisor on fake ports, with these programs added. */
export function engine(...specs: ProgramSpec[]): Engine {
  const clock = new FakeClock()
  const spawner = new FakeSpawner(clock)
  const events = new EventRing(clock)
  const owner = new RecordingOwner()
  const supervisor = new Supervisor({ clock, spawner, events })
  for (const spec of specs) supervisor.add(spec, owner)
  return { clock, spawner, events, owner, supervisor }
}

export const eventsOf = (events: EventRing, name: string): NumberedEvent[] =>
  events.since(0).filter(({ event }) => event === name)

/** For assert.throws and assert.rejects. */
export const code =
  (expected: ErrorCode, subject?: string) =>
  (error: unknown): boolean =>
    error instanceof AgentError && error.code === expected && (subject === undefined || error.subject === subject)
