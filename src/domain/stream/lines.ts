/** Complete lines, laid out as in a LineBatch: line `i` is `bytes[i === 0 ? 0 : ends[i - 1], ends[i])`, newline included. */
export interface Lines {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  readonly count: number
}

/** Where line `index` begins. */
export const startOfLine = (lines: Pick<Lines, 'ends'>, index: number): number =>
  index === 0 ? 0 : (lines.ends[index - 1] ?? 0)

/** The bytes of line `index` without its newline. A view, not a copy. */
export const lineAt = (lines: Pick<Lines, 'bytes' | 'ends'>, index: number): Uint8Array =>
  lines.bytes.subarray(startOfLine(lines, index), (lines.ends[index] ?? 1) - 1)

/** Lines [from, to) as a batch of their own, without copying their bytes. */
export function sliceLines(lines: Lines, from: number, to: number): Lines {
  const start = startOfLine(lines, from)
  const ends = start === 0 ? lines.ends.subarray(from, to) : lines.ends.subarray(from, to).map((end) => end - start)
  return { bytes: lines.bytes.subarray(start, start + (ends[ends.length - 1] ?? 0)), ends, count: to - from }
}

/** Several in one piece. */
export function concatLines(parts: readonly Lines[]): Lines {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0))
  const ends = new Uint32Array(parts.reduce((sum, part) => sum + part.count, 0))
  let at = 0
  let count = 0
  for (const part of parts) {
    bytes.set(part.bytes, at)
    for (const end of part.ends) ends[count++] = at + end
    at += part.bytes.length
  }
  return { bytes, ends, count }
}

/** It is a newline alone. */
const isEmpty = (lines: Lines, index: number): boolean => (lines.ends[index] ?? 0) - startOfLine(lines, index) <= 1

/** The lines that are not empty, and the index that each had; null when none is empty. */
export function withoutEmpty(lines: Lines): (Lines & { readonly origins: Uint32Array }) | null {
  let empty = 0
  for (let i = 0; i < lines.count; i++) if (isEmpty(lines, i)) empty++
  if (empty === 0) return null
  const bytes = new Uint8Array(lines.bytes.length - empty)
  const ends = new Uint32Array(lines.count - empty)
  const origins = new Uint32Array(lines.count - empty)
  let [count, at] = [0, 0]
  for (let i = 0; i < lines.count; i++) {
    if (isEmpty(lines, i)) continue
    const whole = lines.bytes.subarray(startOfLine(lines, i), lines.ends[i])
    bytes.set(whole, at)
    origins[count] = i
    ends[count++] = at += whole.length
  }
  return { bytes, ends, count, origins }
}
