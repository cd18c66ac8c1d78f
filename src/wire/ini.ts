// The INI grammar of supervisord's files: Python's RawConfigParser, not strict, with `;` and `#` as inline comments.
// Pure: text in, sections with the place of every value out. Nothing here knows what a key means.
import { firstNonSpace, isSpaceAt, repr, strip, stripEnd } from './ini/python-text.ts'

/** Where something is written; line and column count from 1, the column in UTF-16 units. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface IniValue {
  /** The key in lower case. */
  readonly key: string
  /** The value without comments and outer blanks; continuation lines are joined with a newline. */
  readonly text: string
  /** Place of the value's first character. */
  readonly place: Place
  readonly keyPlace: Place
}

export interface IniSection {
  readonly name: string
  /** Place of its first header. */
  readonly place: Place
  readonly values: ReadonlyMap<string, IniValue>
}

export interface IniDocument {
  /** In the order of their first headers. */
  readonly sections: ReadonlyMap<string, IniSection>
  /** What `[DEFAULT]` says, for every section. */
  readonly defaults: ReadonlyMap<string, IniValue>
}

export interface IniProblem {
  readonly place: Place
  /** The whole line as it was read, with its end. */
  readonly line: string
  /** What was expected there, as a phrase. */
  readonly expected: string
  /** Nothing after it was read: the line stands before any section. */
  readonly fatal: boolean
}

export interface IniReading {
  readonly document: IniDocument
  readonly problems: readonly IniProblem[]
}

export const emptyDocument: IniDocument = { sections: new Map(), defaults: new Map() }

const DEFAULT_SECTION = 'DEFAULT'

/**
 * Reads one file. Never throws; a line that is none of header, option, continuation or comment is a problem, and reading
 * goes on behind it, except before the first section. Python: configparser.RawConfigParser._read.
 * @param file name for places and messages
 */
export function parseIni(text: string, file: string): IniReading {
  const reading = new Reading(file)
  for (const [index, line] of linesOf(text).entries()) if (!reading.take(line, index + 1)) break
  return reading.result()
}

/** Both documents as one: sections merge, later values win. */
export function mergeIni(earlier: IniDocument, later: IniDocument): IniDocument {
  const sections = new Map(earlier.sections)
  for (const [name, section] of later.sections) {
    const before = sections.get(name)
    const values = new Map([...(before?.values ?? []), ...section.values])
    sections.set(name, { name, place: before?.place ?? section.place, values })
  }
  return { sections, defaults: new Map([...earlier.defaults, ...later.defaults]) }
}

/**
 * The problems of one file in Python's words, which supervisord hands on (configparser.ParsingError,
 * MissingSectionHeaderError). At least one problem.
 * @param file as supervisord was given it
 */
export function parsingErrorText(file: string, problems: readonly IniProblem[]): string {
  const fatal = problems.find((problem) => problem.fatal)
  if (fatal !== undefined) {
    return `File contains no section headers.\nfile: ${repr(file)}, line: ${fatal.place.line}\n${repr(fatal.line)}`
  }
  const lines = problems.map(({ place, line }) => `\n\t[line ${String(place.line).padStart(2)}]: ${repr(line)}`)
  return `Source contains parsing errors: ${repr(file)}${lines.join('')}`
}

/** Lines with their ends; `\r\n` and `\r` are read as `\n` (Python: universal newlines). */
function linesOf(text: string): string[] {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => `${line}\n`)
  const last = lines.pop() ?? '\n'
  return last === '\n' ? lines : [...lines, last.slice(0, -1)]
}

/** A value whose lines are still coming in. */
interface Draft extends Omit<IniValue, 'text'> {
  readonly lines: string[]
}

class Reading {
  readonly #file: string
  readonly #defaults = new Map<string, Draft>()
  readonly #sections = new Map<string, { readonly place: Place; readonly drafts: Map<string, Draft> }>()
  readonly #problems: IniProblem[] = []
  #section: Map<string, Draft> | null = null
  #option: Draft | null = null
  #indent = 0

  constructor(file: string) {
    this.#file = file
  }

  /** False: reading must end here. */
  take(line: string, number: number): boolean {
    const comment = commentStart(line)
    const content = strip(comment === null ? line : line.slice(0, comment))
    if (content === '') {
      if (comment === null) this.#option?.lines.push('')
      return true
    }
    const indent = firstNonSpace(line)
    if (this.#option !== null && indent > this.#indent) {
      this.#option.lines.push(content)
      return true
    }
    this.#indent = indent
    const place: Place = { file: this.#file, line: number, column: indent + 1 }
    const header = headerOf(content)
    if (header !== null) this.#open(header, place)
    else if (this.#section === null) return this.#problem(place, line, 'a section header such as [supervisord]', true)
    else this.#takeOption(this.#section, content, place, line)
    return true
  }

  #open(name: string, place: Place): void {
    this.#option = null
    const known = this.#sections.get(name)
    if (known === undefined && name !== DEFAULT_SECTION) this.#sections.set(name, { place, drafts: new Map() })
    this.#section = this.#sections.get(name)?.drafts ?? this.#defaults
  }

  #takeOption(section: Map<string, Draft>, content: string, place: Place, line: string): void {
    const separator = content.search(/[=:]/)
    if (separator < 0) {
      this.#problem(place, line, 'key=value, a [section], or a comment that starts with ; or #', false)
      return
    }
    const key = stripEnd(content.slice(0, separator)).toLowerCase()
    if (key === '') {
      this.#option = null
      this.#problem(place, line, 'a key before the = or :', false)
      return
    }
    const rest = content.slice(separator + 1)
    const column = place.column + separator + 1 + firstNonSpace(rest)
    const draft = { key, keyPlace: place, place: { ...place, column }, lines: [strip(rest)] }
    section.set(key, draft)
    this.#option = draft
  }

  #problem(place: Place, line: string, expected: string, fatal: boolean): false {
    this.#problems.push({ place, line, expected, fatal })
    return false
  }

  result(): IniReading {
    const sections = [...this.#sections].map(([name, { place, drafts }]): [string, IniSection] => {
      return [name, { name, place, values: finished(drafts) }]
    })
    return { document: { sections: new Map(sections), defaults: finished(this.#defaults) }, problems: this.#problems }
  }
}

const finished = (drafts: ReadonlyMap<string, Draft>): Map<string, IniValue> =>
  new Map(
    [...drafts].map(([name, { lines, ...value }]) => [name, { ...value, text: stripEnd(lines.join('\n')) }] as const),
  )

/** `[name] anything`: the name reaches to the last bracket. */
function headerOf(content: string): string | null {
  const end = content.startsWith('[') ? content.lastIndexOf(']') : -1
  return end > 1 ? content.slice(1, end) : null
}

const commentSigns = [';', '#']

/**
 * Where the comment of a line begins; null: it has none. The signs are tried in turns, the first of each, then the
 * second of each, and the first turn that finds a comment decides: so `a#b #c ;d` keeps `a#b #c`, as in Python.
 */
function commentStart(line: string): number | null {
  if (commentSigns.includes(line.charAt(firstNonSpace(line)))) return 0
  let searched = commentSigns.map((sign) => ({ sign, at: -1 }))
  while (searched.length > 0) {
    searched = searched.map(({ sign, at }) => ({ sign, at: line.indexOf(sign, at + 1) })).filter(({ at }) => at >= 0)
    const starts = searched.filter(({ at }) => at === 0 || isSpaceAt(line, at - 1)).map(({ at }) => at)
    if (starts.length > 0) return Math.min(...starts)
  }
  return null
}
