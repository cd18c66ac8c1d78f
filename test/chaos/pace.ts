import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How many lines a second calculator.py answers at most. */
export class Pace {
  readonly file: string

  constructor(folder: string, rate: number) {
    this.file = join(folder, 'pace')
    this.set(rate)
  }

  /** 0: as fast as it can. */
  set(rate: number): void {
    // Renamed into its place: no reader finds it empty.
    writeFileSync(`${this.file}.new`, String(rate))
    renameSync(`${this.file}.new`, this.file)
  }
}
