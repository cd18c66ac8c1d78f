/** A text that is no XML-RPC: what was expected, and where; line and column count from 1. */
export class XmlRpcError extends Error {
  override readonly name = 'XmlRpcError'
  readonly line: number
  readonly column: number

  constructor(problem: string, place: { readonly line: number; readonly column: number }, options?: ErrorOptions) {
    super(`line ${place.line}, column ${place.column}: ${problem}`, options)
    this.line = place.line
    this.column = place.column
  }
}

/** `offset` counts UTF-16 units, and so does the column. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line++
    start = end + 1
  }
  return { line, column: offset - start + 1 }
}
