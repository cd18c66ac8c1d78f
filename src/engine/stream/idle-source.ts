import type { RecordConsumer, RecordSource, SourceHealth } from '../ports.ts'

/** The input of a Calculator that reads nothing. */
export class IdleSource implements RecordSource {
  start(_consumer: RecordConsumer): Promise<void> {
    return Promise.resolve()
  }

  pause(): void {
    // Nothing comes anyway.
  }

  resume(): void {
    // Nothing comes anyway.
  }

  rewind(): void {
    // Nothing was ever given.
  }

  commit(): Promise<void> {
    return Promise.resolve()
  }

  health(): SourceHealth {
    return { joined: true, assigned: [], lastFetchAt: null, lag: 0, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
