// Text as Python sees it: what is blank, and how a value is shown. supervisord's files and messages are made of both.

/** Code points that Python's str.isspace knows below U+0100; the others are asked of the expression. */
const lowSpaces = new Set([9, 10, 11, 12, 13, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0])
const HIGH_SPACE = /^[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/

/** Whether the character at `index` is white space (Python: str.isspace); false beyond the ends. */
export function isSpaceAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code < 0x100 ? lowSpaces.has(code) : HIGH_SPACE.test(text.charAt(index))
}

/** Index of the first character that is no white space; the length where there is none. */
export function firstNonSpace(text: string): number {
  let index = 0
  while (index < text.length && isSpaceAt(text, index)) index++
  return index
}

/** Python: str.rstrip. One step per blank, whatever the text: an expression would be quadratic. */
export function stripEnd(text: string): string {
  let end = text.length
  while (end > 0 && isSpaceAt(text, end - 1)) end--
  return text.slice(0, end)
}

/** Python: str.strip. */
export const strip = (text: string): string => stripEnd(text).slice(firstNonSpace(text))

const shortEscapes = new Map([
  ['\\', '\\\\'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
])

/** A string as Python's repr shows it: `'x'`, or `"it's"`, with what cannot be printed escaped. */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const shown = Array.from(text, (character) => {
    if (character === quote) return `\\${quote}`
    return shortEscapes.get(character) ?? (isPrintable(character) ? character : escaped(character))
  })
  return quote + shown.join('') + quote
}

const isPrintable = (character: string): boolean => character === ' ' || !/^[\p{C}\p{Z}]$/u.test(character)

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
