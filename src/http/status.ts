import type { NumberedEvent, ReadModel, Snapshot } from '../engine/snapshot.ts'

const LAST_EVENTS = 50

/** The body of /status: the snapshot, and the last 50 events, oldest first. */
export function status(model: Pick<ReadModel, 'snapshot' | 'since'>): Snapshot & { events: readonly NumberedEvent[] } {
  const snapshot = model.snapshot()
  return { ...snapshot, events: model.since(Math.max(0, snapshot.seq - LAST_EVENTS)) }
}
