// The rotated files of one log, `path.1` the newest; with compression each becomes `path.N.gz` in the background.
import { createReadStream, createWriteStream, fstatSync, openSync, renameSync, unlinkSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { codeOf } from '../domain/errors.ts'

export interface BackupsOf {
  readonly path: string
  readonly backups: number
  readonly compress?: boolean
}

interface Job {
  /** Where the file is now: further rotations move it on. */
  index: number
}

/** Those whose files are being compressed, by path: a log outlives its writers. */
const busy = new Map<string, Compression>()

/** The log becomes its own first backup, each backup the next one, the last falls off. Raises a system error. */
export function rotate({ path, backups, compress = false }: BackupsOf, problem: (reason: string) => void): void {
  const compression = busy.get(path)
  // Compressed or not: where the setting was changed there are both.
  for (const end of ['', '.gz']) quietly(() => unlinkSync(`${path}.${backups}${end}`))
  for (let index = backups - 1; index >= 1; index--) {
    for (const end of ['', '.gz']) quietly(() => renameSync(`${path}.${index}${end}`, `${path}.${index + 1}${end}`))
  }
  quietly(() => renameSync(path, `${path}.1`))
  compression?.moved(backups)
  if (!compress) return
  const next = compression ?? new Compression(path)
  busy.set(path, next)
  next.add(problem)
}

/** A backup that is not there yet, or a log that somebody removed. */
function quietly(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** One file at a time, the oldest first. */
class Compression {
  readonly #path: string
  readonly #jobs: Job[] = []

  constructor(path: string) {
    this.#path = path
  }

  /** Each file has the next number now. Those that fell off are nobody's business any more. */
  moved(backups: number): void {
    for (const job of this.#jobs) job.index++
    while (this.#jobs[1] !== undefined && this.#jobs[1].index > backups) this.#jobs.splice(1, 1)
    // The first is under way: what comes of it finds no place.
    const [first] = this.#jobs
    if (first !== undefined && first.index > backups) first.index = Infinity
  }

  add(problem: (reason: string) => void): void {
    this.#jobs.push({ index: 1 })
    if (this.#jobs.length === 1) void this.#run(problem)
  }

  async #run(problem: (reason: string) => void): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        await this.#compress(job)
      } catch (error) {
        // The file stays as it is, and is a backup like any other.
        if (codeOf(error) !== 'ENOENT') problem(codeOf(error))
      }
      this.#jobs.shift()
    }
    busy.delete(this.#path)
  }

  async #compress(job: Job): Promise<void> {
    const part = `${this.#path}.gz.part`
    // By its descriptor, whatever its name becomes. Zlib works on other threads.
    const fd = openSync(`${this.#path}.${job.index}`, 'r')
    try {
      const mode = fstatSync(fd).mode & 0o777
      await pipeline(createReadStream('', { fd }), createGzip(), createWriteStream(part, { mode }))
      if (job.index === Infinity) return
      renameSync(part, `${this.#path}.${job.index}.gz`)
      unlinkSync(`${this.#path}.${job.index}`)
    } finally {
      quietly(() => unlinkSync(part))
    }
  }
}
