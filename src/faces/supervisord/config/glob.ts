// File patterns as Python's glob.glob reads them: `*`, `?`, `[a-z]`, `[!a]`; `**` is no more than `*`.
import type { Machine } from './machine.ts'

const hasMagic = (pattern: string): boolean => /[*?[]/.test(pattern)

/** Paths that fit, sorted by their text; parts without a wildcard stay as they are written. */
export function glob(pattern: string, machine: Pick<Machine, 'list' | 'look'>): string[] {
  if (!hasMagic(pattern)) return machine.look(pattern) === null ? [] : [pattern]
  const parts = pattern.split('/')
  let found = [parts[0] === '' ? '/' : '']
  for (const [index, part] of parts.entries()) {
    if (part === '') continue
    const last = index === parts.length - 1
    found = found.flatMap((folder) => {
      const names = hasMagic(part)
        ? machine.list(folder === '' ? '.' : folder).filter((name) => fits(name, part))
        : [part]
      const paths = names.map((name) => folder + name)
      if (last) return paths.filter((path) => machine.look(path) !== null)
      return paths.filter((path) => machine.look(path)?.kind === 'folder').map((path) => `${path}/`)
    })
  }
  return found.sort((one, other) => (one < other ? -1 : 1))
}

/** Hidden names fit only a pattern that begins with a dot. */
const fits = (name: string, pattern: string): boolean =>
  (!name.startsWith('.') || pattern.startsWith('.')) && matches(Array.from(name), pieces(pattern))

type Piece = 'many' | ((character: string) => boolean)

function pieces(pattern: string): Piece[] {
  const characters = Array.from(pattern)
  const found: Piece[] = []
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? ''
    // A bracket that stands first in a set belongs to it.
    const first = index + (characters[index + 1] === '!' ? 2 : 1)
    const end = character === '[' ? characters.indexOf(']', first + 1) : -1
    if (character === '*') found.push('many')
    else if (character === '?') found.push(() => true)
    else if (end > 0) {
      found.push(oneOf(characters.slice(first, end), first === index + 2))
      index = end
    } else found.push((other) => other === character)
  }
  return found
}

function oneOf(set: readonly string[], inverted: boolean): (character: string) => boolean {
  const ranges: (readonly [string, string])[] = []
  for (let index = 0; index < set.length; index++) {
    const low = set[index] ?? ''
    const isRange = set[index + 1] === '-' && index + 2 < set.length
    ranges.push([low, isRange ? (set[index + 2] ?? low) : low])
    if (isRange) index += 2
  }
  return (character) => ranges.some(([low, high]) => low <= character && character <= high) !== inverted
}

/** Only the last `many` is ever tried again, so the work is at most name times pattern. */
function matches(name: readonly string[], pattern: readonly Piece[]): boolean {
  let at = 0
  let piece = 0
  let retry: { piece: number; at: number } | null = null
  while (at < name.length) {
    const wanted = pattern[piece]
    if (wanted === 'many') retry = { piece: ++piece, at }
    else if (wanted?.(name[at] ?? '') === true) {
      at++
      piece++
    } else if (retry === null) return false
    else {
      retry = { piece: retry.piece, at: retry.at + 1 }
      at = retry.at
      piece = retry.piece
    }
  }
  return pattern.slice(piece).every((rest) => rest === 'many')
}
