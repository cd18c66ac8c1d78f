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

/** The lines that are not empty, and the index that each had; null when none is empty. */
export function withoutEmpty(lines: Lines): (Lines & { readonly origins: Uint32Array }) | null {
  const origins = Uint32Array.from(lines.ends.keys()).filter((i) => (lines.ends[i] ?? 0) - startOfLine(lines, i) > 1)
  if (origins.length === lines.count) return null
  const bytes = new Uint8Array(lines.bytes.length)
  const ends = new Uint32Array(origins.length)
  let at = 0
  origins.forEach((line, i) => {
    const whole = lines.bytes.subarray(startOfLine(lines, line), lines.ends[line])
    bytes.set(whole, at)
    ends[i] = at += whole.length
  })
  return { bytes: bytes.subarray(0, at), ends, count: origins.length, origins }
}
