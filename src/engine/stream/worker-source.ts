import type { Dealer } from './dealer.ts'
import type { RecordSource } from '../ports.ts'

/** The source as one of its workers sees it: its own share, and nobody else's. Whoever has the whole starts and ends it. */
export const workerSource = (dealer: Dealer, worker: number): RecordSource => ({
  start: () => Promise.resolve(),
  pause: () => dealer.pause(),
  resume: () => dealer.resume(),
  rewind: (partition, offset, epoch) => dealer.rewind(worker, partition, offset, epoch),
  commit: (positions) => dealer.commit(worker, positions),
  health: () => dealer.health(worker),
  close: () => Promise.resolve(),
})
