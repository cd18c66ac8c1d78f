// A scanner of JSON bytes: says where a value ends, keeps nothing, decodes nothing. RFC 8259, strict, UTF-8 only.

/** Arrays and objects deeper than this are refused. */
const DEPTH = 1000

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** The closing brackets still awaited, kept here and not on the call stack; scratch of one call of `skipValue`. */
const closers = new Uint8Array(DEPTH)

/** 1: stands for itself inside a string. 0: control character, quote, backslash, or a byte of a longer character. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** Characters that may follow a backslash, without `u`. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) => ('"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0))

/** Whether bytes [start, end) are one JSON document; blanks around it are allowed. */
export function isJson(bytes: Uint8Array, start: number, end: number): boolean {
  const after = skipValue(bytes, skipBlanks(bytes, start, end), end)
  return after >= 0 && skipBlanks(bytes, after, end) === end
}

/** The first position at or after `at` that holds no blank (space, tab, newline, carriage return). */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return at
}

/** The position after the value that begins exactly at `at`, or -1 when there is none. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  for (;;) {
    const byte = at < end ? bytes[at] : undefined
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const closer = byte + 2
      at = skipBlanks(bytes, at + 1, end)
      if (at >= end || depth === DEPTH) return -1
      if (bytes[at] !== closer) {
        closers[depth++] = closer
        if (closer === CLOSE_OBJECT) at = skipName(bytes, at, end)
        if (at < 0) return -1
        continue
      }
      at++
    } else {
      at = skipScalar(bytes, at, end)
      if (at < 0) return -1
    }
    for (;;) {
      if (depth === 0) return at
      at = skipBlanks(bytes, at, end)
      if (at >= end) return -1
      if (bytes[at] !== closers[depth - 1]) break
      depth--
      at++
    }
    if (bytes[at] !== COMMA) return -1
    at = skipBlanks(bytes, at + 1, end)
    if (closers[depth - 1] === CLOSE_OBJECT) at = skipName(bytes, at, end)
    if (at < 0) return -1
  }
}

/** The position after the string whose opening quote is at `at`, or -1. Invalid UTF-8 is no string. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return -1
  at++
  while (at < end) {
    const byte = bytes[at] ?? 0
    if (PLAIN[byte] === 1) {
      at++
      continue
    }
    if (byte === QUOTE) return at + 1
    at = byte === BACKSLASH ? skipEscape(bytes, at + 1, end) : skipCharacter(bytes, at, end)
    if (at < 0) return -1
  }
  return -1
}

/** A member's name, its colon and the blanks around it; the position of the value, or -1. */
function skipName(bytes: Uint8Array, at: number, end: number): number {
  const after = skipString(bytes, at, end)
  if (after < 0) return -1
  const colon = skipBlanks(bytes, after, end)
  return colon < end && bytes[colon] === 0x3a ? skipBlanks(bytes, colon + 1, end) : -1
}

function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  switch (at < end ? (bytes[at] ?? 0) : 0) {
    case QUOTE:
      return skipString(bytes, at, end)
    case 0x74:
      return skipWord(bytes, at, end, 'true')
    case 0x66:
      return skipWord(bytes, at, end, 'false')
    case 0x6e:
      return skipWord(bytes, at, end, 'null')
    default:
      return skipNumber(bytes, at, end)
  }
}

function skipWord(bytes: Uint8Array, at: number, end: number, word: string): number {
  if (at + word.length > end) return -1
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return -1
  return at + word.length
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0x2d) at++
  if (at < end && bytes[at] === 0x30) at++
  else at = skipDigits(bytes, at, end)
  if (at >= 0 && at < end && bytes[at] === 0x2e) at = skipDigits(bytes, at + 1, end)
  if (at >= 0 && at < end && ((bytes[at] ?? 0) | 0x20) === 0x65) {
    at++
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++
    at = skipDigits(bytes, at, end)
  }
  return at
}

/** At least one digit. */
function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && ((bytes[at] ?? 0) ^ 0x30) <= 9) at++
  return at === start ? -1 : at
}

/** `at` is after the backslash. */
function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  const byte = at < end ? (bytes[at] ?? 0) : 0
  if (ESCAPED[byte] === 1) return at + 1
  if (byte !== 0x75 || at + 5 > end) return -1
  for (let i = at + 1; i < at + 5; i++) if (!isHex(bytes[i] ?? 0)) return -1
  return at + 5
}

const isHex = (byte: number): boolean => (byte ^ 0x30) <= 9 || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

/** One UTF-8 character of two to four bytes, as Unicode's table 3-7 allows them; -1 for anything else. */
function skipCharacter(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0
  if (lead < 0xc2 || lead > 0xf4) return -1
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  if (at + length > end) return -1
  const second = bytes[at + 1] ?? 0
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return -1
  for (let i = at + 2; i < at + length; i++) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return -1
  return at + length
}
