import { closeSync, fstatSync, writeSync } from 'node:fs'
import process from 'node:process'
import { codeOf } from '../domain/errors.ts'

/** A reader that was not ready is tried again so soon; the longer he takes nothing, the later. */
const FIRST_RETRY_MS = 1
const LAST_RETRY_MS = 10
/**
 * Once so much of one source waits, what follows is dropped. Its child is held back long before: more is only what it
 * leaves behind at its death, or what many short incarnations say.
 */
const PENDING_BYTES_EACH = 4 << 20
/** At the agent's end a slow reader is waited for no longer. */
const FAREWELL_MS = 1000

/** The reason of what is dropped because too much waits already. */
export const TOO_SLOW = 'its reader is too slow'

export interface OutletWriter {
  /** Whose bytes they are: the same over all incarnations. */
  readonly source: object
  /** So many of its bytes were dropped, for this reason. */
  dropped(reason: string, bytes: number): void
  /** After a `write` that answered `waits`: nothing waits any more. */
  drained(): void
}

/** What became of the bytes; those that are `dropped` were told before, as are those for which there was no room. */
export type Fate = 'taken' | 'dropped' | 'waits'

interface Chunk {
  rest: Uint8Array
  readonly writer: OutletWriter
}

/** Those in use, by device and inode: one pipe may have several names and descriptors. */
const outlets = new Map<string, Outlet>()
let isWatchingTheEnd = false

/** Joins the outlet behind a descriptor, which is the outlet's own from now on where it is `own`. */
export function joinOutlet(fd: number, own: boolean): Outlet {
  const { dev, ino } = fstatSync(fd)
  const key = `${dev}:${ino}`
  const found = outlets.get(key)
  if (found !== undefined && own) closeSync(fd)
  const outlet = found ?? new Outlet(fd, own, () => outlets.delete(key))
  outlets.set(key, outlet)
  if (!isWatchingTheEnd) process.once('exit', sayFarewell)
  isWatchingTheEnd = true
  outlet.join()
  return outlet
}

/**
 * A pipe, terminal or socket that logs are written to. All its writers have one queue, so that a line of which the
 * reader took a part is finished before the next begins, and an incarnation has said all before the next one speaks.
 */
export class Outlet {
  readonly #fd: number
  readonly #own: boolean
  readonly #forget: () => void
  #writers = 0
  readonly #pending: Chunk[] = []
  readonly #pendingBytes = new Map<object, number>()
  readonly #waiting = new Set<OutletWriter>()
  /** So much of the chunk at hand is written. */
  #done = 0
  #retryMs = FIRST_RETRY_MS
  #isTrying = false

  /** @param forget called when the outlet is closed: nobody writes, and nothing waits */
  constructor(fd: number, own: boolean, forget: () => void) {
    this.#fd = fd
    this.#own = own
    this.#forget = forget
  }

  join(): void {
    this.#writers += 1
  }

  /** What waits for the reader is still given to him. */
  leave(): void {
    this.#writers -= 1
    this.#closeIfIdle()
  }

  write(bytes: Uint8Array, writer: OutletWriter): Fate {
    if (this.#pending.length > 0) return this.#queue(bytes, writer)
    const fate = this.#put(bytes, writer)
    if (fate !== 'waits') return fate
    // What is begun is never cut short.
    this.#push(bytes.subarray(this.#done), writer)
    this.#retryMs = FIRST_RETRY_MS
    this.#tryLater()
    return 'waits'
  }

  /** Gives the reader what he takes. False: something still waits. */
  drain(): boolean {
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      const fate = this.#put(next.rest, next.writer)
      if (this.#done > 0) this.#retryMs = FIRST_RETRY_MS
      if (fate === 'waits') {
        this.#count(next.writer, -this.#done)
        next.rest = next.rest.subarray(this.#done)
        return false
      }
      this.#pending.shift()
      this.#count(next.writer, -next.rest.length)
    }
    this.#pendingBytes.clear()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const writer of waiting) writer.drained()
    return this.#pending.length === 0
  }

  #queue(bytes: Uint8Array, writer: OutletWriter): Fate {
    if ((this.#pendingBytes.get(writer.source) ?? 0) < PENDING_BYTES_EACH) this.#push(bytes, writer)
    else {
      this.#waiting.add(writer)
      writer.dropped(TOO_SLOW, bytes.length)
    }
    return 'waits'
  }

  #push(bytes: Uint8Array, writer: OutletWriter): void {
    this.#pending.push({ rest: bytes.slice(), writer })
    this.#count(writer, bytes.length)
    this.#waiting.add(writer)
  }

  #count({ source }: OutletWriter, bytes: number): void {
    this.#pendingBytes.set(source, (this.#pendingBytes.get(source) ?? 0) + bytes)
  }

  #put(bytes: Uint8Array, writer: OutletWriter): Fate {
    this.#done = 0
    try {
      while (this.#done < bytes.length) this.#done += writeSync(this.#fd, bytes, this.#done)
      return 'taken'
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 'waits'
      writer.dropped(codeOf(error), bytes.length - this.#done)
      return 'dropped'
    }
  }

  #tryLater(): void {
    if (this.#isTrying) return
    this.#isTrying = true
    const timer = setTimeout(() => {
      this.#isTrying = false
      this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2)
      if (this.drain()) this.#closeIfIdle()
      else this.#tryLater()
    }, this.#retryMs)
    // The end of the agent does its own waiting.
    timer.unref()
  }

  #closeIfIdle(): void {
    if (this.#writers > 0 || this.#pending.length > 0) return
    this.#forget()
    if (this.#own) closeSync(this.#fd)
  }
}

/** The last words of all: nothing else runs any more, so that waiting may block. */
function sayFarewell(): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  const until = performance.now() + FAREWELL_MS
  for (let left = [...outlets.values()]; performance.now() < until;) {
    left = left.filter((outlet) => !outlet.drain())
    if (left.length === 0) return
    Atomics.wait(sleeper, 0, 0, LAST_RETRY_MS)
  }
}
