// A strict JSON reader for documents that people write: says where it went wrong, and refuses a field given twice.
// Never recurses deeper than MAX_DEPTH, so that no text can exhaust the stack.

/** Objects are maps: a field called `__proto__` is a field like any other. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = ReadonlyMap<string, Json>

const MAX_DEPTH = 32

export const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
export const isObject = (value: Json): value is JsonObject => value instanceof Map

/** `problem` begins with line and column, counted from 1 in characters. */
export function readJson(text: string): { readonly value: Json } | { readonly problem: string } {
  try {
    return { value: new Reader(text).document() }
  } catch (error) {
    if (error instanceof JsonFault) return { problem: `${place(text, error.at)}: ${error.message}` }
    throw error
  }
}

class JsonFault extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

function place(text: string, at: number): string {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${Array.from(before.at(-1) ?? '').length + 1}`
}

const words: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Json {
    const value = this.#value(0)
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#expected('the end of the document')
    return value
  }

  #value(depth: number): Json {
    this.#skipBlanks()
    if (depth > MAX_DEPTH) throw new JsonFault(this.#at, `nested deeper than ${MAX_DEPTH} levels`)
    const next = this.#text.charAt(this.#at)
    if (next === '{') return this.#object(depth)
    if (next === '[') return this.#list(depth)
    if (next === '"') return this.#string('')
    const word = words.find(([name]) => this.#text.startsWith(name, this.#at))
    if (word !== undefined) {
      this.#at += word[0].length
      return word[1]
    }
    return this.#number()
  }

  #object(depth: number): JsonObject {
    const fields = new Map<string, Json>()
    this.#at += 1
    if (this.#taken('}')) return fields
    do {
      this.#skipBlanks()
      const start = this.#at
      const name = this.#string('a field name in double quotes')
      if (fields.has(name)) throw new JsonFault(start, `the field ${JSON.stringify(name.slice(0, 60))} is given twice`)
      if (!this.#taken(':')) throw this.#expected('":"')
      fields.set(name, this.#value(depth + 1))
    } while (this.#taken(','))
    if (!this.#taken('}')) throw this.#expected('"," or "}"')
    return fields
  }

  #list(depth: number): readonly Json[] {
    const items: Json[] = []
    this.#at += 1
    if (this.#taken(']')) return items
    do items.push(this.#value(depth + 1))
    while (this.#taken(','))
    if (!this.#taken(']')) throw this.#expected('"," or "]"')
    return items
  }

  #string(expected: string): string {
    if (this.#text.charAt(this.#at) !== '"') throw this.#expected(expected)
    const start = this.#at
    this.#at += 1
    for (;;) {
      const next = this.#text.charAt(this.#at)
      if (next === '') throw new JsonFault(start, 'this text in double quotes has no end')
      if (next < ' ')
        throw new JsonFault(this.#at, 'a line break, tab or control character inside a text; write \\n, \\t or \\u…')
      if (next === '\\') this.#escape()
      else this.#at += 1
      if (next === '"') return String(JSON.parse(this.#text.slice(start, this.#at)))
    }
  }

  #escape(): void {
    const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
    escape.lastIndex = this.#at
    if (!escape.test(this.#text)) throw new JsonFault(this.#at, 'an unknown escape; a backslash itself is written \\\\')
    this.#at = escape.lastIndex
  }

  #number(): number {
    const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    number.lastIndex = this.#at
    const digits = number.exec(this.#text)?.[0]
    if (digits === undefined) throw this.#expected('a value')
    this.#at = number.lastIndex
    return Number(digits)
  }

  #taken(mark: string): boolean {
    this.#skipBlanks()
    if (this.#text.charAt(this.#at) !== mark) return false
    this.#at += 1
    return true
  }

  #skipBlanks(): void {
    const blanks = /[ \t\r\n]*/y
    blanks.lastIndex = this.#at
    blanks.test(this.#text)
    this.#at = blanks.lastIndex
  }

  #expected(what: string): JsonFault {
    const next = this.#text.codePointAt(this.#at)
    const found = next === undefined ? 'the end of the document' : JSON.stringify(String.fromCodePoint(next))
    return new JsonFault(this.#at, `expected ${what}, found ${found}`)
  }
}
