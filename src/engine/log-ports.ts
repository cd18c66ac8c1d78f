// Where the bytes that children write, and a face's own log lines, end up.

/** A place for bytes, such as a file or the agent's own stdout. */
export interface LogTarget {
  readonly path: string
  /** From so many bytes on the file is rotated; 0: never. What is no regular file never is. */
  readonly maxBytes: number
  /** Rotated files that are kept as `path.1`, `path.2` …; 0: the file is emptied instead. */
  readonly backups: number
  /** Rotated files become `path.1.gz` …, some time after the rotation. */
  readonly compress?: boolean
  /** Writing began to fail, for this reason; or works again (null), after `lost` bytes were dropped. */
  problem(reason: string | null, lost: number): void
  /** A rotated file stays as it is, for this reason. */
  uncompressed?(reason: string): void
  /** The file has its size and cannot be rotated, for this reason: it grows, and the rotation is tried again. Told once. */
  unrotated?(reason: string): void
  /** After a `write` that answered false: more may be written. */
  ready(): void
}

/** An open log. */
export interface LogWriter {
  /**
   * Takes all bytes; what cannot be written is dropped and told as a problem, never raised. False: the reader at the
   * other end is slow, and nothing more should be written until `ready`.
   */
  write(bytes: Uint8Array): boolean
  /** Closes and opens by name again, for log rotation from outside. */
  reopen(): void
  /** Begins with an empty file; what is no regular file stays. Raises FAILED. */
  clear(): void
  /** Nothing may be written any more. */
  close(): void
}

/** Opens and makes logs. */
export interface Logs {
  /**
   * Raises a system error, with its code. Who opens a target again and again gives the same object: what a slow reader
   * has not taken yet is counted for all its openings together.
   */
  open(target: LogTarget): LogWriter
  /** An empty file for us alone, named `prefix`, some random characters, `.log`. Raises a system error. */
  create(folder: string, prefix: string): string
  /** One message for the system's log; null where there is none. */
  readonly syslog: ((text: string) => void) | null
}
