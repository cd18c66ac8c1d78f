// How a letter is shown: to a person, where a terminal must not take orders from it, and to a program.
import type { Letter } from '../domain/dead-letters/letter.ts'
import type { Millis } from '../domain/time.ts'

/** What decides whether a letter counts as replayed; null where that cannot be known. */
export type Marks = { has(offset: number, reason: string): boolean } | null

/** Control characters as \xNN; `keep`: those that stay. */
export const printable = (text: string, keep = ''): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (keep.includes(character)) return character
    const code = character.codePointAt(0) ?? 0
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })

/** Null when the bytes are not UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** The beginning of some bytes on one line: text, or hexadecimal where they are none. */
export function headOf(bytes: Uint8Array, most: number): string {
  const text = utf8(bytes)
  const shown = text === null ? `0x${Buffer.from(bytes.subarray(0, most)).toString('hex')}` : printable(text)
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown
}

/** A time that no calendar has (any client may have written it) is shown as its number. */
export const timeText = (at: Millis): string => (Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : `${at} ms`)

/** `12 B`, `1.5 KiB`, `3.0 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

/** `1 letter`, `1,200 letters`. */
export const countText = (count: number): string => `${count.toLocaleString('en-US')} letter${count === 1 ? '' : 's'}`

/** `topic/partition@offset`, as far as known. */
export function sourceText({ source }: Letter): string {
  if (source === null) return '-'
  const partition = source.partition === null ? '' : `/${source.partition}`
  return `${printable(source.topic)}${partition}${source.offset === null ? '' : `@${source.offset}`}`
}

/** For programs: text as it is, other bytes under a name with Base64. */
export const jsonBytes = (name: string, bytes: Uint8Array | null): Record<string, string | null> => {
  if (bytes === null) return { [name]: null }
  const text = utf8(bytes)
  return text === null ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text }
}

/** What `ls --json` says of a letter; `show --json` says more. */
export const jsonLetter = (letter: Letter, marks: Marks): Record<string, unknown> => ({
  partition: letter.partition,
  offset: letter.offset,
  time: timeText(letter.time),
  reason: letter.reason,
  source: letter.source && {
    ...letter.source,
    timestamp: letter.source.timestamp === null ? null : timeText(letter.source.timestamp),
  },
  bytes: letter.value.length,
  truncatedFrom: letter.fullLength,
  replayed: marks?.has(letter.offset, letter.reason) ?? null,
  ...jsonBytes('key', letter.key),
})
