// LZ4 frames (lz4_Frame_format.md) as Kafka uses them. The checksums inside a frame are neither written nor looked at:
// the CRC-32C of the record batch covers every byte of it.
import type { Take } from '../buffer-pool.ts'
import { copyBytes, repeatBytes } from './copying.ts'
import { TooLargeError } from './errors.ts'
import { BLOCK_BYTES, findSequences } from './matches.ts'

const MAGIC = 0x184d2204
const VERSION_MASK = 0xc0
const VERSION = 0x40
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const DICTIONARY = 0x01
const STORED = 0x8000_0000
/** Version 1, independent blocks of at most 64 KiB, and the checksum that this descriptor has. */
const DESCRIPTOR = [0x60, 0x40, 0x82]
/** A byte of a block makes at most this many. */
const EXPANSION = 255
const MATCH_MIN = 4
const NIBBLE = 15

interface Frame {
  readonly blocksAt: number
  readonly blockMax: number
  readonly checksums: boolean
}

function readFrame(bytes: Buffer): Frame {
  if (bytes.length < 11 || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('not an LZ4 frame')
  const flags = bytes.readUInt8(4)
  const blockId = (bytes.readUInt8(5) >> 4) & 7
  if ((flags & VERSION_MASK) !== VERSION || blockId < 4) throw new RangeError('unknown LZ4 frame descriptor')
  if (flags & DICTIONARY) throw new RangeError('an LZ4 frame with a dictionary')
  const blocksAt = 6 + (flags & CONTENT_SIZE ? 8 : 0) + 1
  return { blocksAt, blockMax: 1 << (8 + 2 * blockId), checksums: (flags & BLOCK_CHECKSUM) !== 0 }
}

/** The blocks of the frame, which all lie within `bytes`. What follows it is ignored. */
function* blocksOf(bytes: Buffer, frame: Frame): Generator<{ at: number; size: number; stored: boolean }> {
  let at = frame.blocksAt
  for (;;) {
    if (at + 4 > bytes.length) throw new RangeError('an LZ4 frame without end')
    const word = bytes.readUInt32LE(at)
    at += 4
    if (word === 0) return
    const size = word & ~STORED
    if (size > frame.blockMax || at + size > bytes.length) throw new RangeError('an LZ4 block larger than it may be')
    yield { at, size, stored: word >= STORED }
    at += size + (frame.checksums ? 4 : 0)
  }
}

/**
 * Decompresses the first frame of `bytes`; yields the bytes that each block made (4 MiB at most), so that the caller can pause.
 * Throws TooLargeError beyond `limit` bytes, RangeError for anything malformed.
 */
export function* decompressLz4(bytes: Buffer, limit: number, take: Take): Generator<number, Buffer> {
  const frame = readFrame(bytes)
  let bound = 0
  for (const { size, stored } of blocksOf(bytes, frame)) {
    bound += stored ? size : Math.min(frame.blockMax, size * EXPANSION)
  }
  const out = take(Math.min(bound, limit))
  let length = 0
  for (const { at, size, stored } of blocksOf(bytes, frame)) {
    const before = length
    if (stored) {
      if (length + size > out.length) throw new TooLargeError(`more than ${limit} bytes`)
      length += bytes.copy(out, length, at, at + size)
    } else {
      length = decompressBlock(bytes, at, at + size, out, length, Math.min(out.length, length + frame.blockMax))
    }
    yield length - before
  }
  return out.subarray(0, length)
}

/** Returns the end of the output, which may refer to everything before it: blocks may be linked. */
function decompressBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  from: number,
  to: number,
): number {
  let at = start
  let length = from
  while (at < end) {
    const token = bytes[at++] ?? 0
    let literals = token >> 4
    if (literals === NIBBLE) {
      let byte: number
      do {
        byte = bytes[at++] ?? 0
        literals += byte
      } while (byte === 0xff)
    }
    if (at + literals > end) throw new RangeError('LZ4 literals beyond the end of their block')
    if (length + literals > to) throw new TooLargeError(`more than ${to} bytes`)
    copyBytes(bytes, at, out, length, literals)
    at += literals
    length += literals
    if (at === end) return length
    const distance = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
    at += 2
    let match = (token & NIBBLE) + MATCH_MIN
    if (match === NIBBLE + MATCH_MIN) {
      let byte: number
      do {
        byte = bytes[at++] ?? 0
        match += byte
      } while (byte === 0xff)
    }
    if (distance === 0 || distance > length) throw new RangeError('an LZ4 match before the beginning')
    if (length + match > to) throw new TooLargeError(`more than ${to} bytes`)
    repeatBytes(out, length, distance, match)
    length += match
  }
  if (at > end) throw new RangeError('an LZ4 block that ends within a sequence')
  return length
}

/** One frame of independent blocks of 64 KiB, as Kafka's own client writes it; yields the size of each. */
export function* compressLz4(bytes: Uint8Array, take: Take): Generator<number, Buffer> {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES)
  // Every block fits as it is: 4 bytes for its size; one that would grow is stored.
  const out = take(Math.ceil(7 + bytes.length + 4 * blocks + 4 + BLOCK_BYTES / EXPANSION + 16))
  out.writeUInt32LE(MAGIC, 0)
  out.set(DESCRIPTOR, 4)
  let length = 7
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const end = Math.min(at + BLOCK_BYTES, bytes.length)
    const after = compressBlock(bytes, at, end, out, length + 4)
    const size = after - length - 4
    if (size < end - at) {
      out.writeUInt32LE(size, length)
      length = after
    } else {
      out.writeUInt32LE((STORED | (end - at)) >>> 0, length)
      out.set(bytes.subarray(at, end), length + 4)
      length += 4 + end - at
    }
    yield end - at
  }
  return out.subarray(0, out.writeUInt32LE(0, length))
}

function compressBlock(bytes: Uint8Array, start: number, end: number, out: Uint8Array, from: number): number {
  const { count, literals, distances, lengths } = findSequences(bytes, start, end)
  let at = start
  let length = from
  for (let i = 0; i < count; i++) {
    const run = literals[i] ?? 0
    const match = lengths[i] ?? 0
    const extra = match === 0 ? 0 : match - MATCH_MIN
    out[length++] = (Math.min(run, NIBBLE) << 4) | Math.min(extra, NIBBLE)
    if (run >= NIBBLE) length = putLength(out, length, run - NIBBLE)
    copyBytes(bytes, at, out, length, run)
    length += run
    at += run + match
    if (match === 0) return length
    const distance = distances[i] ?? 0
    out[length++] = distance & 0xff
    out[length++] = distance >> 8
    if (extra >= NIBBLE) length = putLength(out, length, extra - NIBBLE)
  }
  return length
}

function putLength(out: Uint8Array, at: number, rest: number): number {
  for (; rest >= 0xff; rest -= 0xff) out[at++] = 0xff
  out[at++] = rest
  return at
}
