// Kafka's variable-length integers: zigzag, seven bits a byte, the lowest first.

/** Bytes of a 32-bit integer. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5
}

/** Writes a 32-bit integer; returns the position after it. */
export function putVarint(out: Uint8Array, at: number, value: number): number {
  let rest = (value << 1) ^ (value >> 31)
  while (rest & ~0x7f) {
    out[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out[at++] = rest
  return at
}

/** Exact as long as the double is a safe integer. */
const zigzagOf = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)

/** Bytes of an integer of less than 52 bits. */
export function sizeOfVarlong(value: number): number {
  let size = 1
  for (let rest = zigzagOf(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** Writes an integer of less than 52 bits; returns the position after it. */
export function putVarlong(out: Uint8Array, at: number, value: number): number {
  let rest = zigzagOf(value)
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[at++] = (rest % 0x80) | 0x80
  out[at++] = rest
  return at
}

/** Reads integers one after the other. Past the end it reads zeros: the caller compares `at` with where it had to be. */
export class Cursor {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  /** A 32-bit integer. Throws RangeError for one of more than five bytes. */
  varint(): number {
    const { bytes } = this
    let at = this.at
    let byte = bytes[at++] ?? 0
    let zigzag = byte & 0x7f
    for (let shift = 7; byte & 0x80; shift += 7) {
      if (shift > 28) throw new RangeError('an integer is longer than 32 bits')
      byte = bytes[at++] ?? 0
      zigzag |= (byte & 0x7f) << shift
    }
    this.at = at
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  /** A 64-bit integer, rounded beyond 53 bits. Throws RangeError for one of more than ten bytes. */
  varlong(): number {
    const { bytes } = this
    let at = this.at
    let byte = bytes[at++] ?? 0
    let zigzag = byte & 0x7f
    const odd = zigzag & 1
    if (byte & 0x80) {
      for (let scale = 0x80, size = 1; byte & 0x80; scale *= 0x80, size++) {
        if (size === 10) throw new RangeError('an integer is longer than 64 bits')
        byte = bytes[at++] ?? 0
        zigzag += (byte & 0x7f) * scale
      }
    }
    this.at = at
    return odd ? -(zigzag + 1) / 2 : zigzag / 2
  }
}
