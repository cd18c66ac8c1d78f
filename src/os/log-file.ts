// Files that children's output is written to: rotated by size, never a reason to die, bounded in memory.
import { closeSync, constants, fstatSync, lstatSync, openSync, truncateSync, unlinkSync, writeSync } from 'node:fs'
import type { LogTarget, LogWriter } from '../engine/log-ports.ts'
import { rotate } from './log-backups.ts'

const { O_APPEND, O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants
/** Between two attempts to open a file that could not be opened, and to write to a reader that was not ready. */
const reopenEveryMs = 1000
const retryEveryMs = 10
/** Between two attempts to rotate a file that could not be rotated: it is written all the same. */
const rotateAgainMs = 60_000
/** More than this does not wait for a slow reader. */
const mostPendingBytes = 1 << 20
/** Descriptors of our own by their many names. */
const ownDescriptors = new Map([
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
])

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)

/** The descriptor that a path such as `/dev/stdout` or `/dev/fd/1` stands for; null for any other. */
export function descriptorOf(path: string): number | null {
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1]
  return number === undefined ? (ownDescriptors.get(path) ?? null) : Number(number)
}

interface Opened {
  readonly fd: number
  /** A file that may be rotated and emptied. */
  readonly regular: boolean
  /** Ours to close. */
  readonly own: boolean
  size: number
}

export class LogFile implements LogWriter {
  readonly #target: LogTarget
  readonly #now: () => number
  #opened: Opened | null
  #failing = false
  #lost = 0
  #nextAttempt = 0
  /** 0: the last rotation went well. */
  #nextRotation = 0
  /** What a slow reader has not taken yet. */
  readonly #pending: Uint8Array[] = []
  #pendingBytes = 0
  #closing = false

  /** Raises the system's error where it cannot be opened. */
  constructor(target: LogTarget, now = (): number => performance.now()) {
    this.#target = target
    this.#now = now
    this.#opened = open(target.path, O_APPEND)
  }

  write(bytes: Uint8Array): boolean {
    if (this.#pending.length > 0) return this.#queue(bytes)
    const opened = this.#opened ?? this.#openAgain()
    if (opened === null) {
      this.#drop(bytes.length)
      return true
    }
    return this.#put(opened, bytes)
  }

  reopen(): void {
    this.#close()
    this.#nextAttempt = 0
    this.#openAgain()
  }

  clear(): void {
    if (this.#opened?.regular !== true) return
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
    this.#closing = true
    this.#nextAttempt = Infinity
    // What waits for a slow reader is still given to him.
    if (this.#pending.length === 0) this.#close()
  }

  #put(opened: Opened, bytes: Uint8Array): boolean {
    let done = 0
    try {
      while (done < bytes.length) done += writeSync(opened.fd, bytes, done)
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return this.#wait(bytes.subarray(done))
      opened.size += done
      this.#fail(codeOf(error), bytes.length - done)
      return true
    }
    opened.size += done
    if (this.#failing) this.#recover()
    const { maxBytes } = this.#target
    if (opened.regular && maxBytes > 0 && opened.size >= maxBytes) this.#rotate(opened)
    return true
  }

  /** A pipe or terminal that is full: its bytes are tried again until the reader takes them. */
  #wait(rest: Uint8Array): boolean {
    this.#pending.unshift(rest.slice())
    this.#pendingBytes += rest.length
    setTimeout(() => this.#tryAgain(), retryEveryMs)
    return false
  }

  #queue(bytes: Uint8Array): boolean {
    if (this.#pendingBytes + bytes.length > mostPendingBytes) this.#drop(bytes.length)
    else {
      this.#pending.push(bytes.slice())
      this.#pendingBytes += bytes.length
    }
    return false
  }

  #tryAgain(): void {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      this.#pendingBytes -= next.length
      if (this.#opened !== null && !this.#put(this.#opened, next)) return
    }
    if (this.#closing) this.#close()
    else this.#target.ready()
  }

  /** The file stays open until all that can fail is done: one that cannot be rotated grows, and loses nothing. */
  #rotate(opened: Opened): void {
    const now = this.#now()
    if (now < this.#nextRotation) return
    const { path, maxBytes, backups } = this.#target
    try {
      // Somebody else may have emptied the file meanwhile.
      opened.size = sizeOf(opened.fd)
      if (opened.size < maxBytes) return
      if (backups > 0) rotate(this.#target, (reason) => this.#target.uncompressed?.(reason))
    } catch (error) {
      if (this.#nextRotation === 0) this.#target.unrotated?.(codeOf(error))
      this.#nextRotation = now + rotateAgainMs
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

  #openAgain(): Opened | null {
    const now = this.#now()
    if (now < this.#nextAttempt) return null
    this.#nextAttempt = now + reopenEveryMs
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
    if (!opened?.own) return
    try {
      closeSync(opened.fd)
    } catch (error) {
      // The descriptor is gone all the same; NFS, FUSE and quotas tell only here that bytes found no place.
      this.#fail(codeOf(error), 0)
    }
  }

  #drop(bytes: number): void {
    this.#lost += bytes
  }

  /** Told once, however often it fails. */
  #fail(reason: string, lost: number): void {
    this.#drop(lost)
    if (this.#failing) return
    this.#failing = true
    this.#target.problem(reason, this.#lost)
  }

  #recover(): void {
    const lost = this.#lost
    this.#failing = false
    this.#lost = 0
    this.#target.problem(null, lost)
  }
}

function open(path: string, flags: number): Opened {
  const descriptor = descriptorOf(path)
  const fd = descriptor === null ? openSync(path, O_WRONLY | O_CREAT | O_NONBLOCK | flags) : ownOr(path, descriptor)
  const stat = fstatSync(fd)
  return { fd, own: fd !== descriptor, regular: stat.isFile() && descriptor === null, size: stat.size }
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

const sizeOf = (fd: number): number => fstatSync(fd).size

/** The name goes, so that who follows the file sees a new one begin; where it is a link, its target is emptied. */
function emptied(path: string): void {
  try {
    if (lstatSync(path).isSymbolicLink()) truncateSync(path)
    else unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
