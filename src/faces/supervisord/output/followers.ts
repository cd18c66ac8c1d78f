import { closeSync, fstatSync, readSync, statSync } from 'node:fs'
import { AgentError, systemCode } from '../../../domain/errors.ts'
import type { Clock, Timer } from '../../../engine/ports.ts'
import type { LogFollower } from '../daemon.ts'
import { openForReading } from './read-log.ts'

const firstBytes = 1024
const pieceBytes = 64 * 1024
/** Writers of other processes do not wake us. */
const lookEveryMs = 1000
const truncated = Buffer.from('==> File truncated <==\n')

/** Who follows a log file: they read it for themselves, and are woken when it was written. */
export class Followers {
  readonly #clock: Pick<Clock, 'arm'>
  readonly #byPath = new Map<string, Set<FileFollower>>()

  constructor(clock: Pick<Clock, 'arm'>) {
    this.#clock = clock
  }

  /** A file was written, emptied, or replaced. */
  touched(path: string): void {
    const followers = this.#byPath.get(path)
    if (followers) for (const follower of followers) follower.wake()
  }

  /** Raises NO_FILE where there is none. */
  follow(path: string, name: string): LogFollower {
    const follower: FileFollower = new FileFollower(path, name, this.#clock, () => {
      const others = this.#byPath.get(path)
      others?.delete(follower)
      if (others?.size === 0) this.#byPath.delete(path)
    })
    const others = this.#byPath.get(path)
    if (others) others.add(follower)
    else this.#byPath.set(path, new Set([follower]))
    return follower
  }

  /** The process behind a log is removed, or the daemon ends. */
  close(path?: string): void {
    const sets = path === undefined ? [...this.#byPath.values()] : [this.#byPath.get(path) ?? new Set<FileFollower>()]
    for (const followers of sets) for (const follower of [...followers]) follower.close()
  }
}

/** supervisord: http.tail_f_producer, also in what it does when the file or its name cannot be looked at. */
class FileFollower implements LogFollower {
  readonly modifiedAt: number
  readonly #path: string
  readonly #clock: Pick<Clock, 'arm'>
  readonly #closed: () => void
  #fd: number | null
  #position: number
  #waiting: { readonly resolve: (bytes: Uint8Array | null) => void; readonly timer: Timer } | null = null

  constructor(path: string, name: string, clock: Pick<Clock, 'arm'>, closed: () => void) {
    this.#path = path
    this.#clock = clock
    this.#closed = closed
    this.#fd = openFile(path)
    if (this.#fd === null) throw new AgentError('NO_FILE', name)
    const { size, mtimeMs } = fstatSync(this.#fd)
    this.modifiedAt = mtimeMs
    this.#position = Math.max(0, size - firstBytes)
  }

  next(): Promise<Uint8Array | null> {
    const bytes = this.#read()
    if (bytes === null || bytes.length > 0) return Promise.resolve(bytes)
    return new Promise((resolve) => {
      this.#waiting = { resolve, timer: this.#clock.arm(lookEveryMs, () => this.#look()) }
    })
  }

  wake(): void {
    if (this.#waiting !== null) this.#look()
  }

  close(): void {
    if (this.#fd === null) return
    closeRead(this.#fd)
    this.#fd = null
    this.#answer(null)
    this.#closed()
  }

  #look(): void {
    const bytes = this.#read()
    if (bytes === null || bytes.length > 0) this.#answer(bytes)
    else if (this.#waiting !== null) {
      this.#waiting.timer.cancel()
      this.#waiting = { ...this.#waiting, timer: this.#clock.arm(lookEveryMs, () => this.#look()) }
    }
  }

  #answer(bytes: Uint8Array | null): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.timer.cancel()
    waiting?.resolve(bytes)
  }

  /** A file that the system takes away (a stale mount, a failing disk) is at its end. */
  #read(): Uint8Array | null {
    if (this.#fd === null) return null
    try {
      return this.#readOf(this.#fd)
    } catch (error) {
      if (systemCode(error) === null) throw error
      this.close()
      return null
    }
  }

  #readOf(fd: number): Uint8Array {
    const { size, ino } = fstatSync(fd)
    if (size < this.#position) {
      this.#position = 0
      return truncated
    }
    if (size > this.#position) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - this.#position))
      const count = readSync(fd, piece, 0, piece.length, this.#position)
      this.#position += count
      return piece.subarray(0, count)
    }
    // All is read of a file that has lost its name: go on with the one that has it now.
    if (inodeOf(this.#path) !== ino) {
      const next = openFile(this.#path)
      if (next !== null) {
        closeRead(fd)
        this.#fd = next
        this.#position = 0
        return fstatSync(next).size > 0 ? this.#readOf(next) : new Uint8Array()
      }
    }
    return new Uint8Array()
  }
}

function openFile(path: string): number | null {
  try {
    const fd = openForReading(path)
    if (fstatSync(fd).isFile()) return fd
    closeSync(fd)
    return null
  } catch {
    // Missing, or closed to us: either way there is nothing to follow.
    return null
  }
}

/** Null where the name leads nowhere, or is closed to us: then the file that is open is the one to follow. */
function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino
  } catch {
    return null
  }
}

/** It was only read: whatever the file system has to say at the end, nothing is lost. */
function closeRead(fd: number): void {
  try {
    closeSync(fd)
  } catch (error) {
    if (systemCode(error) === null) throw error
  }
}
