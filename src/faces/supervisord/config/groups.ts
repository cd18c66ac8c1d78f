// From sections to groups: `[group:x]`, and each program, event listener and fcgi-program that is in none.
import type { IniSection } from '../../../wire/ini.ts'
import { eventTypes } from './event-types.ts'
import { readFcgiSocket } from './fcgi-socket.ts'
import type { ProcessDraft } from './program.ts'
import { readProcesses } from './program.ts'
import type { Book } from './section-reader.ts'
import { SectionReader } from './section-reader.ts'
import type { GroupConfig } from './types.ts'
import { boolean, integer, listOfStrings, processName } from './values.ts'

type DraftOf<G extends GroupConfig> = Omit<G, 'processes'> & { readonly processes: readonly ProcessDraft[] }
/** A group whose processes have no environment yet. */
export type GroupDraft = GroupConfig extends infer G ? (G extends GroupConfig ? DraftOf<G> : never) : never

/** By priority, then name (supervisord: ServerOptions.process_groups_from_parser). */
export function readGroups(book: Book, environment: Readonly<Record<string, string>>): GroupDraft[] {
  const groups = new GroupsReader(book, environment).read()
  return onlyOnce(book, groups.sort(byPriority))
}

const byPriority = (one: GroupDraft, other: GroupDraft): number =>
  one.priority - other.priority || (one.name < other.name ? -1 : one.name > other.name ? 1 : 0)

/** supervisord adds the first group of a name, and refuses the others without a word. */
function onlyOnce(book: Book, groups: readonly GroupDraft[]): GroupDraft[] {
  const names = new Set<string>()
  return groups.filter(({ name, processes }) => {
    const isNew = !names.has(name)
    names.add(name)
    const text = `the group ${name} is defined more than once, only the first counts`
    if (!isNew) book.warnings.push({ text, place: processes[0]?.place ?? null })
    return isNew
  })
}

const here: ReadonlyMap<string, string> = new Map([['here', '']])
const afterColon = (name: string): string => name.slice(name.indexOf(':') + 1)

class GroupsReader {
  readonly #book: Book
  readonly #environment: Readonly<Record<string, string>>
  /** Sections that a `[group:x]` has taken. */
  readonly #taken = new Set<string>()

  constructor(book: Book, environment: Readonly<Record<string, string>>) {
    this.#book = book
    this.#environment = environment
  }

  read(): GroupDraft[] {
    const sections = [...this.#book.document.sections.values()]
    const named = (start: string): IniSection[] => sections.filter(({ name }) => name.startsWith(start))
    const free = (start: string): IniSection[] => named(start).filter(({ name }) => !this.#taken.has(name))
    return [
      ...named('group:').flatMap((section) => this.#group(section)),
      ...free('program:').flatMap((section) => this.#program(section)),
      ...named('eventlistener:').flatMap((section) => this.#listener(section)),
      ...free('fcgi-program:').flatMap((section) => this.#fcgi(section)),
    ]
  }

  #group(section: IniSection): GroupDraft[] {
    const reader = new SectionReader(this.#book, section, here)
    const name = this.#name(reader)
    const programs = reader.read('programs', [], listOfStrings)
    const priority = reader.read('priority', 999, integer)
    if (name === null) return []
    const processes = programs.flatMap((program) => this.#member(reader, program, name))
    return [{ kind: 'program', name, priority, processes: distinct(reader, processes) }]
  }

  #member(reader: SectionReader, program: string, group: string): ProcessDraft[] {
    const { sections } = this.#book.document
    const plain = sections.get(`program:${program}`)
    const fcgi = sections.get(`fcgi-program:${program}`)
    const place = reader.find('programs')?.place
    const section = plain ?? fcgi
    if (section === undefined) {
      reader.problem(`[${reader.section.name}] names unknown program or fcgi-program ${program}`, place)
      return []
    }
    if (plain !== undefined && fcgi !== undefined) {
      const text = `name ${program} is ambiguous (exists as program and fcgi-program)`
      reader.problem(`[${reader.section.name}] ${text}`, place)
      return []
    }
    this.#taken.add(section.name)
    if (section === plain) return this.#processes(section, group, 'program')
    const own = new SectionReader(this.#book, section, new Map([...here, ['program_name', program]]))
    const fcgiSocket = readFcgiSocket(own, this.#book.machine, false)
    return this.#processes(section, group, 'fcgi-program', fcgiSocket)
  }

  #program(section: IniSection): GroupDraft[] {
    const reader = new SectionReader(this.#book, section, here)
    const name = this.#name(reader)
    const priority = reader.read('priority', 999, integer)
    if (name === null) return []
    const processes = this.#processes(section, name, 'program')
    return [{ kind: 'program', name, priority, processes: distinct(reader, processes) }]
  }

  #listener(section: IniSection): GroupDraft[] {
    const reader = new SectionReader(this.#book, section, here)
    const name = afterColon(section.name).trim()
    const priority = reader.read('priority', -1, integer)
    const bufferSize = reader.read('buffer_size', 10, integer)
    if (bufferSize < 1) {
      reader.problem(
        `[${section.name}] section sets invalid buffer_size (${bufferSize})`,
        reader.find('buffer_size')?.place,
      )
    }
    const handler = reader.find('result_handler')
    if (handler !== undefined && handler.text !== 'supervisor.dispatchers:default_handler') {
      reader.warn(`[${section.name}] result_handler has no effect: Python code cannot be loaded`, handler.place)
    }
    const events = this.#events(reader)
    if (reader.read('redirect_stderr', false, boolean)) {
      const reason = 'this is not allowed because it will interfere with the eventlistener protocol'
      const text = `[${section.name}] section sets redirect_stderr=true but ${reason}`
      reader.problem(text, reader.find('redirect_stderr')?.place)
    }
    const processes = this.#processes(section, name, 'eventlistener')
    return [{ kind: 'eventlistener', name, priority, bufferSize, events, processes: distinct(reader, processes) }]
  }

  #events(reader: SectionReader): string[] {
    const section = reader.section.name
    const wanted = new Set(reader.read('events', [], listOfStrings).map((name) => name.toUpperCase()))
    if (wanted.size === 0) reader.problem(`[${section}] section requires an "events" line`)
    for (const name of wanted) {
      const place = reader.find('events')?.place
      if (!eventTypes.has(name)) reader.problem(`Unknown event type ${name} in [${section}] events`, place)
    }
    return [...wanted].sort()
  }

  #fcgi(section: IniSection): GroupDraft[] {
    const reader = new SectionReader(this.#book, section, here)
    const name = this.#name(reader)
    const priority = reader.read('priority', 999, integer)
    if (name === null) return []
    const own = new SectionReader(this.#book, section, new Map([...here, ['program_name', name]]))
    const socket = readFcgiSocket(own, this.#book.machine, true)
    const processes = distinct(reader, this.#processes(section, name, 'fcgi-program', socket))
    return socket === null ? [] : [{ kind: 'fcgi-program', name, priority, socket, processes }]
  }

  #name(reader: SectionReader): string | null {
    const { section } = reader
    return reader.attempt(section.place, null, () => processName(afterColon(section.name)))
  }

  #processes(
    section: IniSection,
    group: string,
    kind: ProcessDraft['kind'],
    fcgiSocket: ProcessDraft['fcgiSocket'] = null,
  ): ProcessDraft[] {
    return readProcesses(this.#book, section, { group, kind, environment: this.#environment, fcgiSocket })
  }
}

/** Of processes with one name the last counts, in the place of the first, as in supervisord's dictionary. */
function distinct(reader: SectionReader, processes: readonly ProcessDraft[]): ProcessDraft[] {
  const byName = new Map(processes.map((process) => [process.spec.name, process]))
  if (byName.size < processes.length) {
    reader.warn(`[${reader.section.name}] has processes of the same name, only the last of each name counts`)
  }
  return [...byName.values()]
}
