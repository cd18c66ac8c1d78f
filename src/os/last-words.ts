import { readSync } from 'node:fs'

/** At a child's death no more than this is read at once: a survivor of its group may go on writing. */
const LAST_WORDS_BYTES = 1 << 20

/**
 * Reads what a pipe holds at this moment, past the event loop, which would tell it later.
 * @param deliver is given views of `buffer`, good for the time of the call
 * @returns whether the pipe came to its end
 */
export function readLastWords(fd: number, buffer: Uint8Array, deliver: (chunk: Uint8Array) => void): boolean {
  for (let total = 0; total < LAST_WORDS_BYTES;) {
    let count: number
    try {
      count = readSync(fd, buffer)
    } catch {
      // EAGAIN: there is nothing more for the moment; any other failure is the socket's to report.
      return false
    }
    if (count === 0) return true
    total += count
    deliver(buffer.subarray(0, count))
  }
  return false
}
