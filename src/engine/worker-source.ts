import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Dealer, Positions } from './dealer.ts'
import type { RecordSource, SourceHealth } from './ports.ts'

/** The source as one of its workers sees it: its own share, and nobody else's. Whoever has the whole starts and ends it. */
export class WorkerSource implements RecordSource {
  readonly #dealer: Dealer
  readonly #worker: number

  constructor(dealer: Dealer, worker: number) {
    this.#dealer = dealer
    this.#worker = worker
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  pause(): void {
    this.#dealer.pause()
  }

  resume(): void {
    this.#dealer.resume()
  }

  rewind(partition: TopicPartition, offset: number, epoch: number): void {
    this.#dealer.rewind(this.#worker, partition, offset, epoch)
  }

  commit(positions: Positions): Promise<void> {
    return this.#dealer.commit(this.#worker, positions)
  }

  health(): SourceHealth {
    return this.#dealer.health(this.#worker)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
