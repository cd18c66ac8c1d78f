// From a path to one merged document: the main file, then what `[include]` names, in order.
import { Buffer, isUtf8 } from 'node:buffer'
import { isAbsolute, resolve } from 'node:path'
import { systemCode } from '../../../domain/errors.ts'
import type { IniDocument, Place } from '../../../wire/ini.ts'
import { emptyDocument, mergeIni, parseIni, parsingErrorText } from '../../../wire/ini.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import { glob } from './glob.ts'
import type { Machine } from './machine.ts'
import { folderOf } from './paths.ts'
import type { Book } from './section-reader.ts'
import { SectionReader } from './section-reader.ts'
import type { Notice } from './types.ts'

export interface FilesRead {
  readonly document: IniDocument
  /** Absolute path of the main file. */
  readonly file: string
  readonly includedFiles: readonly string[]
  /** The included file in which a section was met first; those of the main file are not in it. */
  readonly fileOfSection: ReadonlyMap<string, string>
  readonly problems: readonly Notice[]
  readonly warnings: readonly Notice[]
  readonly infos: readonly Notice[]
}

/** Names for expansions in every section: the environment of the agent's start. */
export const environmentNames = (machine: Machine): Map<string, string> =>
  new Map(Object.entries(machine.environment).map(([name, value]) => [`ENV_${name}`, value]))

/**
 * Reads the files of a configuration; what cannot be read or parsed is a problem (supervisord: ServerOptions.read_config).
 * Included files are not searched for `[include]`.
 * @param path of the main file, as it was given
 */
export function readFiles(path: string, machine: Machine): FilesRead {
  const file = resolve(machine.cwd, path)
  const problems: Notice[] = []
  const warnings: Notice[] = []
  const infos: Notice[] = []
  const main = readMainFile(path, file, machine, problems)
  let document = main ?? emptyDocument
  const includedFiles: string[] = []
  const fileOfSection = new Map<string, string>()
  const result = { file, includedFiles, fileOfSection, problems, warnings, infos }
  if (main === null) return { ...result, document }
  const everywhere = environmentNames(machine)
  const book: Book = { document, machine, file: path, fileOfSection, everywhere, problems, warnings }
  for (const { pattern, place } of includePatterns(book, folderOf(file))) {
    const found = glob(pattern, machine)
    if (found.length === 0) warnings.push({ text: `No file matches via include "${pattern}"`, place })
    for (const included of found) {
      infos.push({ text: `Included extra file "${included}" during parsing`, place })
      const unreadable = machine.look(included)?.kind === 'folder' ? 'it is a folder' : null
      const read = unreadable === null ? readIncluded(included, machine, problems, warnings, place) : null
      if (unreadable !== null) warnings.push({ text: `cannot read ${included}: ${unreadable}`, place })
      if (read === null) continue
      includedFiles.push(included)
      for (const name of read.sections.keys()) if (!document.sections.has(name)) fileOfSection.set(name, included)
      document = mergeIni(document, read)
    }
  }
  return { ...result, document }
}

function includePatterns(book: Book, base: string): { pattern: string; place: Place }[] {
  const section = book.document.sections.get('include')
  if (section === undefined) return []
  const expansions = new Map([
    ['here', ''],
    ['host_node_name', book.machine.hostName],
  ])
  const reader = new SectionReader(book, section, expansions)
  const value = reader.find('files')
  if (value === undefined) {
    reader.problem('.ini file has [include] section, but no files setting')
    return []
  }
  const files = reader.attempt(value.place, '', () => reader.expand(value, expansions, 'include.files'))
  return files
    .split(/\s+/)
    .filter((pattern) => pattern !== '')
    .map((pattern) => {
      return { pattern: isAbsolute(pattern) ? pattern : `${base === '/' ? '' : base}/${pattern}`, place: value.place }
    })
}

/** The main file; null: it is missing, closed, or no text. */
export function readMainFile(path: string, file: string, machine: Machine, problems: Notice[]): IniDocument | null {
  if (machine.look(file) === null) {
    problems.push({ text: `could not find config file ${path}`, place: null })
    return null
  }
  let bytes: Uint8Array
  try {
    bytes = machine.read(file)
  } catch (error) {
    problems.push({ text: `could not read config file ${path} (${reason(error)})`, place: null })
    return null
  }
  return parsed(path, file, bytes, problems)
}

/** A file that was found but cannot be read is left out, as supervisord does, but not in silence. */
function readIncluded(
  path: string,
  machine: Machine,
  problems: Notice[],
  warnings: Notice[],
  place: Place,
): IniDocument | null {
  let bytes: Uint8Array
  try {
    bytes = machine.read(path)
  } catch (error) {
    warnings.push({ text: `cannot read ${path}: ${reason(error)}`, place })
    return null
  }
  return parsed(path, path, bytes, problems)
}

function parsed(path: string, file: string, bytes: Uint8Array, problems: Notice[]): IniDocument | null {
  const text = decode(bytes)
  if (typeof text !== 'string') {
    problems.push({
      text: `could not read config file ${path}: line ${text.line} is not UTF-8`,
      place: { file, ...text },
    })
    return null
  }
  const reading = parseIni(text, file)
  const [first] = reading.problems
  if (first === undefined) return reading.document
  problems.push({ text: parsingErrorText(path, reading.problems), place: first.place })
  for (const { place, line, expected } of reading.problems) {
    problems.push({ text: `expected ${expected}, found ${repr(line.trimEnd())}`, place })
  }
  return null
}

/** The text, or where it stops being UTF-8. */
function decode(bytes: Uint8Array): string | { line: number; column: number } {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString('utf8')
  let start = 0
  for (let line = 1; ; line++) {
    const newline = bytes.indexOf(0x0a, start)
    if (newline < 0 || !isUtf8(bytes.subarray(start, newline))) return { line, column: 1 }
    start = newline + 1
  }
}

const reason = (error: unknown): string => systemCode(error) ?? 'unknown error'
