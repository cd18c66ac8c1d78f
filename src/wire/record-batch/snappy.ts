// Snappy (format_description.txt), raw or in the framing of xerial's SnappyOutputStream, which Kafka's own client uses.
import type { Take } from '../buffer-pool.ts'
import { copyBytes, repeatBytes } from './copying.ts'
import { TooLargeError } from './errors.ts'
import { findSequences } from './matches.ts'

/** 0x82 SNAPPY 0x00, then version 1 and the oldest compatible version 1. */
const XERIAL = Buffer.from('82534e41505059000000000100000001', 'hex')
const XERIAL_MAGIC_BYTES = 8
/** What a block of the framing holds, as in Kafka's client. */
const CHUNK_BYTES = 0x8000
/** A raw block may be large: steps within it. */
const STEP_BYTES = 0x4_0000
/** Three bytes make at most sixty-four. */
const EXPANSION = 22

/**
 * Decompresses either form; yields the bytes that each block made, so that the caller can pause.
 * Throws TooLargeError beyond `limit` bytes, RangeError for anything malformed.
 */
export function* decompressSnappy(bytes: Buffer, limit: number, take: Take): Generator<number, Buffer> {
  const blocks = blocksOf(bytes)
  const total = blocks.reduce((sum, { length }) => sum + length, 0)
  if (total > limit) throw new TooLargeError(`more than ${limit} bytes`)
  const out = take(total)
  let length = 0
  for (const block of blocks) {
    yield* decompressBlock(bytes, block.at, block.end, out, length, length + block.length)
    length += block.length
  }
  return out
}

interface Block {
  /** Of the elements, behind the length. */
  readonly at: number
  readonly end: number
  /** Decompressed. */
  readonly length: number
}

function blocksOf(bytes: Buffer): Block[] {
  const framed =
    bytes.length >= XERIAL.length && XERIAL.compare(bytes, 0, XERIAL_MAGIC_BYTES, 0, XERIAL_MAGIC_BYTES) === 0
  if (!framed) return [blockAt(bytes, 0, bytes.length)]
  const blocks: Block[] = []
  for (let at = XERIAL.length; at < bytes.length;) {
    const size = at + 4 > bytes.length ? -1 : bytes.readInt32BE(at)
    if (size < 0 || at + 4 + size > bytes.length) throw new RangeError('a Snappy block beyond the end')
    blocks.push(blockAt(bytes, at + 4, at + 4 + size))
    at += 4 + size
  }
  return blocks
}

function blockAt(bytes: Uint8Array, start: number, end: number): Block {
  let at = start
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = at < end && shift < 32 ? (bytes[at++] ?? 0) : -1
    if (byte < 0) throw new RangeError('a Snappy block without length')
    length |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  // Negative: 2 GiB and more.
  if (length < 0 || length > (end - at) * EXPANSION)
    throw new RangeError('a Snappy block that claims more than it can hold')
  return { at, end, length }
}

function* decompressBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  from: number,
  to: number,
): Generator<number, void> {
  let at = start
  let length = from
  let told = from
  while (at < end) {
    if (length - told >= STEP_BYTES) {
      yield length - told
      told = length
    }
    const tag = bytes[at++] ?? 0
    let size = (tag >> 2) + 1
    if ((tag & 3) === 0) {
      if (size > 60) {
        const bits = (size - 60) * 8
        size = 1
        for (let shift = 0; shift < bits; shift += 8) size += (bytes[at++] ?? 0) << shift
      }
      if (size <= 0 || at + size > end || length + size > to)
        throw new RangeError('Snappy literals beyond the end of their block')
      copyBytes(bytes, at, out, length, size)
      at += size
    } else {
      let distance = bytes[at++] ?? 0
      if ((tag & 3) === 1) {
        size = ((tag >> 2) & 7) + 4
        distance |= (tag >> 5) << 8
      } else {
        distance |= (bytes[at++] ?? 0) << 8
        if ((tag & 3) === 3) distance |= ((bytes[at++] ?? 0) << 16) | ((bytes[at++] ?? 0) << 24)
      }
      if (distance <= 0 || distance > length - from) throw new RangeError('a Snappy copy before the beginning')
      if (length + size > to) throw new RangeError('a Snappy copy beyond the end of its block')
      repeatBytes(out, length, distance, size)
    }
    length += size
  }
  if (at !== end || length !== to) throw new RangeError('a Snappy block of another length than it claims')
  yield length - told
}

/** In xerial's framing; yields the size of each block. */
export function* compressSnappy(bytes: Uint8Array, take: Take): Generator<number, Buffer> {
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES)
  const out = take(XERIAL.length + chunks * (4 + 32 + Math.ceil((CHUNK_BYTES * 7) / 6)))
  let length = XERIAL.copy(out)
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const end = Math.min(at + CHUNK_BYTES, bytes.length)
    const after = compressBlock(bytes, at, end, out, length + 4)
    out.writeInt32BE(after - length - 4, length)
    length = after
    yield end - at
  }
  return out.subarray(0, length)
}

function compressBlock(bytes: Uint8Array, start: number, end: number, out: Uint8Array, from: number): number {
  const { count, literals, distances, lengths } = findSequences(bytes, start, end)
  let length = from
  let rest = end - start
  for (; rest >= 0x80; rest >>>= 7) out[length++] = (rest & 0x7f) | 0x80
  out[length++] = rest
  let at = start
  for (let i = 0; i < count; i++) {
    const run = literals[i] ?? 0
    const match = lengths[i] ?? 0
    if (run > 0) length = putLiterals(bytes, at, out, length, run)
    if (match > 0) length = putCopies(out, length, distances[i] ?? 0, match)
    at += run + match
  }
  return length
}

function putLiterals(bytes: Uint8Array, from: number, out: Uint8Array, at: number, size: number): number {
  const last = size - 1
  if (last < 60) {
    out[at++] = last << 2
  } else if (last < 0x100) {
    out[at++] = 60 << 2
    out[at++] = last
  } else {
    out[at++] = 61 << 2
    out[at++] = last & 0xff
    out[at++] = last >> 8
  }
  copyBytes(bytes, from, out, at, size)
  return at + size
}

/** A copy has at most 64 bytes; the last of several must keep the 4 that the short form needs. */
function putCopies(out: Uint8Array, at: number, distance: number, size: number): number {
  let rest = size
  while (rest > 0) {
    const length = rest > 64 && rest < 68 ? 60 : Math.min(rest, 64)
    rest -= length
    if (length < 12 && distance < 0x800) {
      out[at++] = ((distance >> 8) << 5) | ((length - 4) << 2) | 1
      out[at++] = distance & 0xff
    } else {
      out[at++] = ((length - 1) << 2) | 2
      out[at++] = distance & 0xff
      out[at++] = distance >> 8
    }
  }
  return at
}
