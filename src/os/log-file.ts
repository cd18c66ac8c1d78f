import { closeSync, constants, fstatSync, lstatSync, openSync, truncateSync, unlinkSync, writeSync } from 'node:fs'
import { codeOf } from '../domain/errors.ts'
import type { LogTarget, LogWriter } from '../engine/log-ports.ts'
import { rotate } from './log-backups.ts'
import { joinOutlet, Outlet, TOO_SLOW, type OutletWriter } from './outlet.ts'

const { O_APPEND, O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants
/** Between two attempts to open a file that could not be opened. */
const REOPEN_EVERY_MS = 1000
/** Between two attempts to rotate a file that could not be rotated: it is written all the same. */
const ROTATE_AGAIN_MS = 60_000
/** Descriptors of our own by their many names. */
const ownDescriptors = new Map([
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
])

/** The descriptor that a path such as `/dev/stdout` or `/dev/fd/1` stands for; null for any other. */
export function descriptorOf(path: string): number | null {
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1]
  return number === undefined ? (ownDescriptors.get(path) ?? null) : Number(number)
}

/** A file that may be rotated and emptied, and takes all that it is given. */
interface OpenFile {
  readonly fd: number
  size: number
}

/** A file that children's output is written to: rotated by size, never a reason to die, bounded in memory. */
export class LogFile implements LogWriter {
  readonly #target: LogTarget
  readonly #now: () => number
  #opened: OpenFile | Outlet | null
  /** Why writing fails, as it was told. */
  #failure: string | null = null
  #lost = 0
  #nextAttempt = 0
  /** 0: the last rotation went well. */
  #nextRotation = 0
  #isClosed = false
  readonly #outletWriter: OutletWriter

  /** Raises the system's error where it cannot be opened. */
  constructor(target: LogTarget, now = (): number => performance.now()) {
    this.#target = target
    this.#now = now
    this.#outletWriter = {
      source: target,
      dropped: (reason, bytes) => this.#fail(reason, bytes),
      drained: () => this.#drained(),
    }
    this.#opened = open(target.path, O_APPEND)
  }

  write(bytes: Uint8Array): boolean {
    const opened = this.#opened ?? this.#openAgain()
    if (opened === null) {
      this.#lost += bytes.length
      return true
    }
    if (!(opened instanceof Outlet)) {
      this.#append(opened, bytes)
      return true
    }
    const fate = opened.write(bytes, this.#outletWriter)
    if (fate === 'taken' && this.#failure !== null) this.#recover()
    return fate !== 'waits'
  }

  reopen(): void {
    this.#close()
    this.#nextAttempt = 0
    this.#openAgain()
  }

  clear(): void {
    if (this.#opened === null || this.#opened instanceof Outlet) return
    const { path } = this.#target
    this.#close()
    try {
      emptied(path)
    } finally {
      this.#nextAttempt = 0
      this.#openAgain()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#nextAttempt = Infinity
    this.#close()
  }

  #append(file: OpenFile, bytes: Uint8Array): void {
    let done = 0
    try {
      while (done < bytes.length) done += writeSync(file.fd, bytes, done)
    } catch (error) {
      file.size += done
      this.#fail(codeOf(error), bytes.length - done)
      return
    }
    file.size += done
    if (this.#failure !== null) this.#recover()
    const { maxBytes } = this.#target
    if (maxBytes > 0 && file.size >= maxBytes) this.#rotate(file)
  }

  #drained(): void {
    if (this.#failure === TOO_SLOW) this.#recover()
    if (!this.#isClosed) this.#target.ready()
  }

  /** The file stays open until all that can fail is done: one that cannot be rotated grows, and loses nothing. */
  #rotate(file: OpenFile): void {
    const now = this.#now()
    if (now < this.#nextRotation) return
    const { path, maxBytes, backups } = this.#target
    try {
      // Somebody else may have emptied the file meanwhile.
      file.size = fstatSync(file.fd).size
      if (file.size < maxBytes) return
      if (backups > 0) rotate(this.#target, (reason) => this.#target.uncompressed?.(reason))
    } catch (error) {
      const isNew = this.#nextRotation === 0
      this.#nextRotation = now + ROTATE_AGAIN_MS
      // Last, since a main log tells it in itself.
      if (isNew) this.#target.unrotated?.(codeOf(error))
      return
    }
    this.#nextRotation = 0
    this.#close()
    try {
      this.#opened = open(path, O_APPEND | O_TRUNC)
    } catch (error) {
      this.#fail(codeOf(error), 0)
    }
  }

  #openAgain(): OpenFile | Outlet | null {
    const now = this.#now()
    if (now < this.#nextAttempt) return null
    this.#nextAttempt = now + REOPEN_EVERY_MS
    try {
      this.#opened = open(this.#target.path, O_APPEND)
    } catch (error) {
      this.#fail(codeOf(error), 0)
    }
    return this.#opened
  }

  #close(): void {
    const opened = this.#opened
    this.#opened = null
    try {
      if (opened instanceof Outlet) opened.leave()
      else if (opened !== null) closeSync(opened.fd)
    } catch (error) {
      // The descriptor is gone all the same; NFS, FUSE and quotas tell only here that bytes found no place.
      this.#fail(codeOf(error), 0)
    }
  }

  /** Told once, however often it fails. */
  #fail(reason: string, lost: number): void {
    this.#lost += lost
    if (this.#failure !== null) return
    this.#failure = reason
    this.#target.problem(reason, this.#lost)
  }

  #recover(): void {
    const lost = this.#lost
    this.#failure = null
    this.#lost = 0
    this.#target.problem(null, lost)
  }
}

function open(path: string, flags: number): OpenFile | Outlet {
  const descriptor = descriptorOf(path)
  const fd = descriptor === null ? openSync(path, O_WRONLY | O_CREAT | O_NONBLOCK | flags) : ownOr(path, descriptor)
  const stat = fstatSync(fd)
  return stat.isFile() && descriptor === null ? { fd, size: stat.size } : joinOutlet(fd, fd !== descriptor)
}

/**
 * A second opening of one of our own descriptors, so that a full pipe does not block us; where that is refused (a
 * socket, a pipe of another user) the descriptor itself. A file behind it keeps its one position for all who share it.
 */
function ownOr(path: string, descriptor: number): number {
  if (fstatSync(descriptor).isFile()) return descriptor
  try {
    return openSync(path, O_WRONLY | O_NONBLOCK | O_APPEND)
  } catch {
    return descriptor
  }
}

/** The name goes, so that who follows the file sees a new one begin; where it is a link, its target is emptied. */
function emptied(path: string): void {
  try {
    if (lstatSync(path).isSymbolicLink()) truncateSync(path)
    else unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
