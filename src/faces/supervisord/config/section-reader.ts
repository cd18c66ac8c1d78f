import { AgentError } from '../../../domain/errors.ts'
import type { IniDocument, IniSection, IniValue, Place } from '../../../wire/ini.ts'
import { percentFormat } from '../../../wire/ini/percent-format.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import type { Machine } from './machine.ts'
import { folderOf } from './paths.ts'
import type { Notice } from './types.ts'
import { bad } from './values.ts'

export type Expansions = ReadonlyMap<string, string | number>

export const noExpansions: Expansions = new Map()

/** All that sections have in common while one configuration is read. */
export interface Book {
  readonly document: IniDocument
  readonly machine: Machine
  /** The main file as it was given, for supervisord's messages. */
  readonly file: string
  /** The included file in which a section was met first. */
  readonly fileOfSection: ReadonlyMap<string, string>
  /** Names that are good in every section: `ENV_X`. */
  readonly everywhere: Expansions
  /** In the order in which supervisord would meet them: the first is the one it would tell. */
  readonly problems: Notice[]
  readonly warnings: Notice[]
}

/** One text and place is noted once, however many processes share it. */
export function note(list: Notice[], text: string, place: Place | null): void {
  const known = list.some((other) => other.text === text && samePlace(other.place, place))
  if (!known) list.push({ text, place })
}

const samePlace = (one: Place | null, other: Place | null): boolean =>
  one?.file === other?.file && one?.line === other?.line && one?.column === other?.column

/** Looks up, expands and converts the values of one section; what is wrong is noted, and reading goes on. */
export class SectionReader {
  readonly section: IniSection
  readonly #book: Book
  readonly #expansions: Expansions
  readonly #suffix: string

  /**
   * @param expansions names that are good in this section, besides `ENV_X`; a `here` in it is replaced by the folder of
   * the file that the value stands in
   * @param suffix what supervisord appends to each message
   */
  constructor(book: Book, section: IniSection, expansions: Expansions, suffix = '') {
    this.#book = book
    this.section = section
    this.#expansions = expansions
    this.#suffix = suffix
  }

  find(key: string): IniValue | undefined {
    return this.section.values.get(key) ?? this.#book.document.defaults.get(key)
  }

  /** The value, or `fallback` where the key is not set, or where it is wrong, which is noted. */
  read<T, F>(key: string, fallback: F, convert: (text: string) => T, expansions = this.#expansions): T | F {
    const value = this.find(key)
    if (value === undefined) return fallback
    return this.attempt(value.place, fallback, () => convert(this.expand(value, expansions)))
  }

  text<F>(key: string, fallback: F): string | F {
    return this.read(key, fallback, (text) => text)
  }

  /** Runs `work`; BAD_CONFIGURATION becomes a problem at `place`, and `fallback` the result. */
  attempt<T, F>(place: Place, fallback: F, work: () => T): T | F {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'BAD_CONFIGURATION') throw error
      this.problem(error.subject, place)
      return fallback
    }
  }

  /** The text of a value with its `%(name)s` replaced. Raises BAD_CONFIGURATION. */
  expand(value: IniValue, expansions = this.#expansions, label = `${this.section.name}.${value.key}`): string {
    return expand(this.#book, value.text, value.place, expansions, label)
  }

  problem(text: string, place: Place = this.section.place): void {
    note(this.#book.problems, text + this.#suffix, place)
  }

  warn(text: string, place: Place = this.section.place): void {
    note(this.#book.warnings, text, place)
  }
}

/**
 * `text % names` as supervisord has it (options.expand). Raises BAD_CONFIGURATION with its message.
 * @param label what the message calls the value
 */
function expand(book: Book, text: string, place: Place, expansions: Expansions, label: string): string {
  if (!text.includes('%')) return text
  const here = folderOf(place.file)
  const get = (name: string): string | number | undefined =>
    name === 'here' && expansions.has(name) ? here : (expansions.get(name) ?? book.everywhere.get(name))
  const formatted = percentFormat(text, { get })
  if ('text' in formatted) return formatted.text
  const intro = `Format string ${repr(text)} for ${repr(label)}`
  if ('broken' in formatted) throw bad(`${intro} is badly formatted: ${formatted.broken}`)
  const names = [...new Set([...book.everywhere.keys(), ...expansions.keys()])].sort((a, b) => (a < b ? -1 : 1))
  const available = names.join(', ')
  const missing = repr(formatted.missing)
  throw bad(`${intro} contains names (${missing}) which cannot be expanded. Available names: ${available}`)
}
