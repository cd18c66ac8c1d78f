import { XmlElement, XmlError, XmlText, parseXml } from '@rgrove/parse-xml'
import { guard, type XmlLimits } from './guard.ts'
import { XmlRpcError, placeOf } from './problem.ts'

/** A parsed text and its root; failures are told with their place in it. */
export interface XmlDocument {
  readonly root: XmlElement
  /** Raises XmlRpcError at the start of `element`. */
  fail(element: XmlElement, problem: string): never
}

/** Raises XmlRpcError: not UTF-8, not well-formed, beyond a limit, with a document type. */
export function parseDocument(source: string | Uint8Array, limits: XmlLimits): XmlDocument {
  const text = textOf(source, limits)
  guard(text, limits)
  const root = parsed(text)
  return {
    root,
    fail(element, problem) {
      throw new XmlRpcError(problem, placeOf(text, Math.max(0, element.start)))
    },
  }
}

function textOf(source: string | Uint8Array, limits: XmlLimits): string {
  const start = { line: 1, column: 1 }
  if (source.length > limits.size) throw new XmlRpcError(`expected at most ${limits.size} bytes`, start)
  try {
    const text = typeof source === 'string' ? source : new TextDecoder('utf-8', { fatal: true }).decode(source)
    // XML reads every line end as a newline; the parser does so at a cost that is quadratic in their number.
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  } catch (cause) {
    throw new XmlRpcError('expected text in UTF-8', start, { cause })
  }
}

function parsed(text: string): XmlElement {
  try {
    const { root } = parseXml(text, { includeOffsets: true })
    if (root !== null) return root
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause
    throw new XmlRpcError(cause.message.split(' (line ')[0] ?? 'not well-formed', cause, { cause })
  }
  throw new XmlRpcError('expected an element', { line: 1, column: 1 })
}

/** The elements within, without the texts between them. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => child instanceof XmlElement)
}

/** The element's own text; null where it has any between or beside elements. */
export function textOnly(element: XmlElement): string | null {
  let text = ''
  for (const child of element.children) {
    if (child instanceof XmlElement) return null
    if (child instanceof XmlText) text += child.text
  }
  return text
}
