// A look at the tags before the parser has the text: it recurses per level and makes an object per element, so both are
// counted here first, in one pass without memory. What is well-formed is the parser's to say.
import { XmlRpcError, placeOf } from './problem.ts'

export interface XmlLimits {
  /** UTF-8 bytes, or UTF-16 units of a text that is decoded already. */
  readonly size: number
  /** Elements within elements; an array or struct within another takes three or four. */
  readonly depth: number
  readonly elements: number
}

/** For what anybody may send to a server. */
export const callLimits: XmlLimits = { size: 1024 * 1024, depth: 128, elements: 20_000 }

/** For what a server answers to its client: whole logs, thousands of processes. */
export const responseLimits: XmlLimits = { size: 256 * 1024 * 1024, depth: 128, elements: 2_000_000 }

/** Raises XmlRpcError where a limit is passed or a document type is declared: no entity is ever expanded. */
export function guard(text: string, limits: XmlLimits): void {
  let depth = 0
  let elements = 0
  const fail = (problem: string, offset: number): never => {
    throw new XmlRpcError(problem, placeOf(text, offset))
  }
  if (text.length > limits.size) fail(`expected at most ${limits.size} bytes`, limits.size)
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const opaque = opaqueEnd(text, at)
    if (opaque !== null) {
      at = opaque
    } else if (text[at + 1] === '!') {
      fail('a document type declaration is not accepted', at)
    } else if (text[at + 1] === '/') {
      depth--
      at += 2
    } else {
      const end = tagEnd(text, at)
      if (++elements > limits.elements) fail(`expected at most ${limits.elements} elements`, at)
      if (text[end - 1] !== '/' && ++depth > limits.depth) fail(`expected at most ${limits.depth} levels`, at)
      at = end
    }
  }
}

const opaques = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const

/** Behind the comment, CDATA section or processing instruction that begins at `at`; null: none does. */
function opaqueEnd(text: string, at: number): number | null {
  for (const [start, end] of opaques) {
    if (!text.startsWith(start, at)) continue
    const found = text.indexOf(end, at + start.length)
    return found < 0 ? text.length : found + end.length
  }
  return null
}

const TAG_STOP = /[>"']/g

/** Where the `>` of the tag stands, quoted ones left out; the end of the text if it has none. */
function tagEnd(text: string, at: number): number {
  for (let from = at; ;) {
    TAG_STOP.lastIndex = from
    const stop = TAG_STOP.exec(text)
    if (stop === null) return text.length
    if (stop[0] === '>') return stop.index
    const closing = text.indexOf(stop[0], stop.index + 1)
    if (closing < 0) return text.length
    from = closing + 1
  }
}
