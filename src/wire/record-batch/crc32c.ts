// CRC-32C (Castagnoli), sixteen bytes a step ("slicing by 16"). Memory is read as 32-bit words of a little-endian machine.

const POLYNOMIAL = 0x82f63b78
const SLICES = 16
/** Below this, a view over the words costs more than it saves. */
const WORDS_FROM = 64

/** `tables[n][b]`: the checksum of byte `b` followed by `n` zero bytes. */
const tables: Int32Array[] = [Int32Array.from({ length: 256 }, (_, byte) => checksumOfByte(byte))]
while (tables.length < SLICES) {
  const before = tableOf(tables.length - 1)
  tables.push(before.map((crc) => (tableOf(0)[crc & 255] ?? 0) ^ (crc >>> 8)))
}

function checksumOfByte(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}

function tableOf(slice: number): Int32Array {
  return tables[slice] ?? new Int32Array(256)
}

// Constants of the module, so that the compiler knows their length and drops the bounds checks.
const t0 = tableOf(0)
const t1 = tableOf(1)
const t2 = tableOf(2)
const t3 = tableOf(3)
const t4 = tableOf(4)
const t5 = tableOf(5)
const t6 = tableOf(6)
const t7 = tableOf(7)
const t8 = tableOf(8)
const t9 = tableOf(9)
const t10 = tableOf(10)
const t11 = tableOf(11)
const t12 = tableOf(12)
const t13 = tableOf(13)
const t14 = tableOf(14)
const t15 = tableOf(15)

/** Checksum of `bytes[start, end)`, unsigned; `before` is that of what precedes it, 0 at the beginning. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number {
  let crc = ~before
  let at = start
  if (end - at >= WORDS_FROM) {
    const words = at + (-(bytes.byteOffset + at) & 3)
    crc = bytewise(bytes, at, words, crc)
    const count = ((end - words) >>> 4) << 2
    crc = wordwise(new Int32Array(bytes.buffer, bytes.byteOffset + words, count), crc)
    at = words + count * 4
  }
  return ~bytewise(bytes, at, end, crc) >>> 0
}

function bytewise(bytes: Uint8Array, start: number, end: number, before: number): number {
  let crc = before
  for (let at = start; at < end; at++) crc = (t0[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8)
  return crc
}

/** `words.length` is a multiple of four. */
function wordwise(words: Int32Array, before: number): number {
  let crc = before
  for (let at = 0; at < words.length; at += 4) {
    const a = crc ^ (words[at] ?? 0)
    const b = words[at + 1] ?? 0
    const c = words[at + 2] ?? 0
    const d = words[at + 3] ?? 0
    crc =
      (t15[a & 255] ?? 0) ^
      (t14[(a >>> 8) & 255] ?? 0) ^
      (t13[(a >>> 16) & 255] ?? 0) ^
      (t12[a >>> 24] ?? 0) ^
      (t11[b & 255] ?? 0) ^
      (t10[(b >>> 8) & 255] ?? 0) ^
      (t9[(b >>> 16) & 255] ?? 0) ^
      (t8[b >>> 24] ?? 0) ^
      (t7[c & 255] ?? 0) ^
      (t6[(c >>> 8) & 255] ?? 0) ^
      (t5[(c >>> 16) & 255] ?? 0) ^
      (t4[c >>> 24] ?? 0) ^
      (t3[d & 255] ?? 0) ^
      (t2[(d >>> 8) & 255] ?? 0) ^
      (t1[(d >>> 16) & 255] ?? 0) ^
      (t0[d >>> 24] ?? 0)
  }
  return crc
}
