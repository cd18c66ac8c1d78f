// What LZ4 and Snappy share: finding what was there before. Greedy, one hash table, faster over what doesn't compress.

/** Both formats are written in independent blocks of at most this, so that a position has 16 bits. */
export const BLOCK_BYTES = 0x1_0000

const HASH_BITS = 14
const MATCH_MIN = 4
/** LZ4 wants the last five bytes as literals and no match that begins within the last twelve. */
const TAIL = 5
const LAST_START = 12
/** After every 64 misses in a row the step grows by one. */
const SKIP_SHIFT = 6

const positions = new Uint16Array(1 << HASH_BITS)

/** Sequences of a block: literals, then a copy of `length` bytes from `distance` back. The last has no copy (0, 0). */
export interface Sequences {
  count: number
  readonly literals: Uint32Array
  readonly distances: Uint16Array
  readonly lengths: Uint16Array
}

const CAPACITY = BLOCK_BYTES / MATCH_MIN + 1
const sequences: Sequences = {
  count: 0,
  literals: new Uint32Array(CAPACITY),
  distances: new Uint16Array(CAPACITY),
  lengths: new Uint16Array(CAPACITY),
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)

/** Sequences of `bytes[start, end)`, at most BLOCK_BYTES. Valid until the next call. Matches stay within the block. */
export function findSequences(bytes: Uint8Array, start: number, end: number): Sequences {
  const { literals, distances, lengths } = sequences
  const lastStart = end - LAST_START
  const matchEnd = end - TAIL
  let count = 0
  let anchor = start
  let misses = 1 << SKIP_SHIFT
  positions.fill(0)
  // Position 0 of the table also means "none": a match is only believed after its bytes were compared.
  for (let at = start + 1; at <= lastStart;) {
    const here = word(bytes, at)
    const slot = Math.imul(here, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = start + (positions[slot] ?? 0)
    positions[slot] = at - start
    if (word(bytes, candidate) !== here) {
      at += misses++ >> SKIP_SHIFT
      continue
    }
    misses = 1 << SKIP_SHIFT
    let length = MATCH_MIN
    while (at + length < matchEnd && bytes[at + length] === bytes[candidate + length]) length++
    literals[count] = at - anchor
    distances[count] = at - candidate
    lengths[count++] = length
    at += length
    anchor = at
  }
  literals[count] = end - anchor
  distances[count] = 0
  lengths[count++] = 0
  sequences.count = count
  return sequences
}
