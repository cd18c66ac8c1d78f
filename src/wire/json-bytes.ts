// JSON strings as bytes: written and read without becoming strings of ours.
import { isUtf8 as isUtf8View } from 'node:buffer'

const BACKSLASH = 0x5c
const LETTER_U = 0x75
const HEX = new TextEncoder().encode('0123456789abcdef')

const SHORT: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 0x22: '"', 0x5c: '\\' }

/** What follows the backslash for a byte that must be escaped: a letter, `u` for other control characters; 0 for none. */
const ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) => SHORT[byte]?.charCodeAt(0) ?? (byte < 0x20 ? LETTER_U : 0))

/** Bytes that escaping adds. */
const EXTRA = ESCAPE.map((letter) => (letter === 0 ? 0 : letter === LETTER_U ? 5 : 1))

/** Whether bytes [start, end) are valid UTF-8. */
export const isUtf8 = (bytes: Uint8Array, start: number, end: number): boolean => isUtf8View(bytes.subarray(start, end))

/** How many bytes `escapeInto` writes for bytes [start, end). */
export function escapedLength(bytes: Uint8Array, start: number, end: number): number {
  let length = end - start
  for (let i = start; i < end; i++) length += EXTRA[bytes[i] ?? 0] ?? 0
  return length
}

/**
 * Writes bytes [start, end), which must be valid UTF-8, into `out` from `at` as the inside of a JSON string, escaping
 * as JSON.stringify does: quote, backslash and control characters. Returns the position after it; `out` must have room
 * for `escapedLength`.
 */
export function escapeInto(out: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    const letter = ESCAPE[byte] ?? 0
    if (letter === 0) {
      out[at++] = byte
      continue
    }
    out[at++] = BACKSLASH
    out[at++] = letter
    if (letter !== LETTER_U) continue
    out[at++] = 0x30
    out[at++] = 0x30
    out[at++] = HEX[byte >> 4] ?? 0
    out[at++] = HEX[byte & 15] ?? 0
  }
  return at
}

/**
 * The UTF-8 bytes that the inside of a JSON string stands for; [start, end) must be valid (`skipString`). A view where
 * there are no escapes. Half a surrogate pair, which UTF-8 cannot express, becomes U+FFFD.
 */
export function unescape(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const escape = bytes.indexOf(BACKSLASH, start)
  if (escape < 0 || escape >= end) return bytes.subarray(start, end)
  const out = new Uint8Array(end - start)
  let at = 0
  for (let i = start; i < end;) {
    const byte = bytes[i++] ?? 0
    if (byte !== BACKSLASH) {
      out[at++] = byte
      continue
    }
    const letter = bytes[i++] ?? 0
    if (letter !== LETTER_U) {
      out[at++] = UNESCAPE[letter] ?? 0
      continue
    }
    let point = hex4(bytes, i)
    i += 4
    if (point >= 0xd800 && point < 0xdc00 && bytes[i] === BACKSLASH && bytes[i + 1] === LETTER_U) {
      const low = hex4(bytes, i + 2)
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00)
        i += 6
      }
    }
    at = putCharacter(out, at, point >= 0xd800 && point < 0xe000 ? 0xfffd : point)
  }
  return out.subarray(0, at)
}

const UNESCAPE = Uint8Array.from({ length: 256 }, (_, letter) => {
  const byte = Object.keys(SHORT).find((key) => SHORT[Number(key)] === String.fromCharCode(letter))
  return byte === undefined ? letter : Number(byte)
})

function hex4(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i] ?? 0
    value = (value << 4) | (byte < 0x3a ? byte - 0x30 : (byte | 0x20) - 0x57)
  }
  return value
}

function putCharacter(out: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    out[at++] = point
  } else if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6)
    out[at++] = 0x80 | (point & 0x3f)
  } else {
    if (point < 0x10000) {
      out[at++] = 0xe0 | (point >> 12)
    } else {
      out[at++] = 0xf0 | (point >> 18)
      out[at++] = 0x80 | ((point >> 12) & 0x3f)
    }
    out[at++] = 0x80 | ((point >> 6) & 0x3f)
    out[at++] = 0x80 | (point & 0x3f)
  }
  return at
}
