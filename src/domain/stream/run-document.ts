// The run document, schema 1: which fields there are, what they accept, and what they set.
import { WORKERS_MAX } from './dealing.ts'
import { isList, isObject, readJson, type Json, type JsonObject } from './document-json.ts'
import { instantOf } from './instant.ts'
import { nearestName } from '../nearest-name.ts'
import { isTopicName, protocolNames, type StreamSettings } from './settings.ts'

/** What a document sets; a setting it does not name keeps its base value. */
export type RunDocument = Readonly<Partial<StreamSettings>>

/** What RUN_DOCUMENT_ALLOW can permit: `streams` is input, output and deadLetter. */
export type DocumentPart = 'streams' | 'calculator'

export type ParsedDocument = { readonly document: RunDocument } | { readonly problems: readonly string[] }

const MAX_PROBLEMS = 20

/**
 * Reads a run document. Problems come all at once, each with the path of its field or with line and column, what was
 * expected and what was found; values of `calculator.env` are never shown. Never throws, whatever the text.
 */
export function parseRunDocument(text: string, allow: ReadonlySet<DocumentPart>): ParsedDocument {
  const plain = text.replace(/^\ufeff/, '')
  if (plain.trim() === '') return { problems: ['the document is empty: expected a JSON object'] }
  if (plain.includes('\ufffd')) return { problems: ['the document is not valid UTF-8'] }
  const json = readJson(plain)
  if ('problem' in json) return { problems: [json.problem] }
  if (!isObject(json.value)) return { problems: [`expected a JSON object, found ${shown(json.value)}`] }
  const problems: string[] = []
  const document = readDocument(json.value, allow, problems)
  if (problems.length === 0) return { document }
  const more = problems.length - MAX_PROBLEMS
  return { problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more problems`] : problems }
}

/** The settings that hold with `document` in force. */
export const applyDocument = (base: StreamSettings, document: RunDocument): StreamSettings => ({ ...base, ...document })

// ---- readers: what a field accepts; null after a problem -------------------------------------------------------

type Reader<T> = (value: Json, at: string, problems: string[]) => T | null

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text)

function shown(value: Json): string {
  if (isList(value)) return 'a list'
  if (isObject(value)) return 'an object'
  return typeof value === 'string' ? JSON.stringify(cut(value, 60)) : String(value)
}

const kindOf = (value: Json): string =>
  value === null || typeof value === 'object' ? shown(value) : `a ${typeof value === 'string' ? 'text' : typeof value}`

const expected = (what: string, value: Json, at: string, problems: string[]): null => {
  problems.push(`${at}: expected ${what}, found ${shown(value)}`)
  return null
}

const text =
  (what: string, accepts: (text: string) => boolean): Reader<string> =>
  (value, at, problems) =>
    typeof value === 'string' && accepts(value) ? value : expected(what, value, at, problems)

/** One of the words. */
const choice =
  <const W extends string>(words: readonly W[]): Reader<W> =>
  (value, at, problems) => {
    const word = words.find((candidate) => candidate === value)
    return word ?? expected(words.map((candidate) => `"${candidate}"`).join(' or '), value, at, problems)
  }

const boolean: Reader<boolean> = (value, at, problems) =>
  typeof value === 'boolean' ? value : expected('true or false', value, at, problems)

const count: Reader<number> = (value, at, problems) =>
  Number.isSafeInteger(value) && typeof value === 'number' && value >= 1
    ? value
    : expected('an integer from 1', value, at, problems)

const listOf =
  <T>(item: Reader<T>, what: string): Reader<readonly T[]> =>
  (value, at, problems) => {
    if (!isList(value)) return expected(what, value, at, problems)
    const items = value.map((entry, index) => item(entry, `${at}[${index}]`, problems))
    const good = items.filter((entry) => entry !== null)
    return good.length === items.length ? good : null
  }

const topic = text('a Kafka topic (letters, digits, dot, underscore and hyphen, at most 249 of them)', isTopicName)
const topicList = listOf(topic, 'a list of topics')

const topics: Reader<readonly string[]> = (value, at, problems) => {
  if (isList(value) && value.length === 0) return expected('at least one topic', value, at, problems)
  const names = topicList(value, at, problems)
  const twice = names?.find((name, index) => names.indexOf(name) < index)
  if (twice === undefined) return names
  problems.push(`${at}: the topic "${twice}" is named twice`)
  return null
}

const position: Reader<StreamSettings['inputFrom']> = (value, at, problems) => {
  if (value === 'earliest' || value === 'latest') return value
  const instant = typeof value === 'string' ? instantOf(value) : null
  const what = '"earliest", "latest" or an RFC 3339 time such as "2026-01-31T08:00:00Z"'
  return instant ?? expected(what, value, at, problems)
}

const workers: Reader<number> = (value, at, problems) => {
  const wanted = count(value, at, problems)
  return wanted === null || wanted <= WORKERS_MAX
    ? wanted
    : expected(`an integer from 1 to ${WORKERS_MAX}`, value, at, problems)
}

const protocol = choice(protocolNames)

const bin = text('a path or a name in PATH', (word) => word.trim() !== '' && !word.includes('\0'))
const argument = text('a text without NUL', (word) => !word.includes('\0'))

const environment: Reader<Readonly<Record<string, string>>> = (value, at, problems) => {
  if (!isObject(value)) return expected('an object of texts', value, at, problems)
  const before = problems.length
  const variables: [string, string][] = []
  for (const [name, content] of value) {
    const path = `${at}.${safe(name)}`
    if (!/^[^=\0]+$/.test(name)) problems.push(`${path}: expected the name of a variable`)
    else if (typeof content !== 'string') problems.push(`${path}: expected a text, found ${kindOf(content)}`)
    else if (content.includes('\0')) problems.push(`${path}: expected a text without NUL`)
    else variables.push([name, content])
  }
  return problems.length === before ? Object.fromEntries(variables) : null
}

// ---- the schema -----------------------------------------------------------------------------------------------------

type Field = (value: Json, at: string, problems: string[]) => RunDocument

const field =
  <T>(reader: Reader<T>, sets: (value: T) => RunDocument): Field =>
  (value, at, problems) => {
    const read = reader(value, at, problems)
    return read === null ? {} : sets(read)
  }

interface Section {
  readonly part: DocumentPart
  readonly fields: ReadonlyMap<string, Field>
}

const section = (part: DocumentPart, fields: Readonly<Record<string, Field>>): Section => ({
  part,
  fields: new Map(Object.entries(fields)),
})

const sections: ReadonlyMap<string, Section> = new Map([
  [
    'input',
    section('streams', {
      topics: field(topics, (inputTopics) => ({ inputTopics })),
      from: field(position, (inputFrom) => ({ inputFrom })),
    }),
  ],
  [
    'output',
    section('streams', {
      topic: field(topic, (outputTopic) => ({ outputTopic })),
      format: field(choice(['dataframe', 'raw']), (outputFormat) => ({ outputFormat })),
      json: field(boolean, (outputJson) => ({ outputJson })),
    }),
  ],
  [
    'deadLetter',
    section('streams', {
      topic: field(topic, (deadLetterTopic) => ({ deadLetterTopic })),
      attempts: field(count, (deadLetterAttempts) => ({ deadLetterAttempts })),
    }),
  ],
  [
    'calculator',
    section('calculator', {
      bin: field(bin, (bin) => ({ bin })),
      args: field(listOf(argument, 'a list of texts'), (args) => ({ args })),
      env: field(environment, (env) => ({ env })),
      workers: field(workers, (workers) => ({ workers })),
      protocol: field(protocol, (protocol) => ({ protocol })),
    }),
  ],
])

function readDocument(root: JsonObject, allow: ReadonlySet<DocumentPart>, problems: string[]): RunDocument {
  let document: RunDocument = {}
  for (const [name, value] of root) {
    const known = sections.get(name)
    if (known !== undefined) document = { ...document, ...readSection(name, known, value, allow, problems) }
    else if (name !== 'schema') problems.push(unknown('', name, ['schema', ...sections.keys()]))
    else if (value !== 1) problems.push(`schema: expected 1, the only schema of this version, found ${shown(value)}`)
  }
  return document
}

function readSection(
  name: string,
  { part, fields }: Section,
  value: Json,
  allow: ReadonlySet<DocumentPart>,
  problems: string[],
): RunDocument {
  if (!isObject(value)) {
    expected('an object', value, name, problems)
    return {}
  }
  let document: RunDocument = {}
  for (const [fieldName, content] of value) {
    const read = fields.get(fieldName)
    const at = `${name}.${fieldName}`
    if (read === undefined) problems.push(unknown(`${name}.`, fieldName, [...fields.keys()]))
    else if (!allow.has(part))
      problems.push(`${at}: not permitted by RUN_DOCUMENT_ALLOW=${[...allow].join(',') || 'none'}`)
    else document = { ...document, ...read(content, at, problems) }
  }
  return document
}

/** A field name that came from outside, fit for one line of text. */
const safe = (name: string): string => (/^[\w-]{1,60}$/.test(name) ? name : JSON.stringify(cut(name, 60)))

function unknown(prefix: string, name: string, known: readonly string[]): string {
  const near = nearestName(name, known) ?? elsewhere(name)
  const hint = near === null ? `; known are ${known.join(', ')}` : `, did you mean "${near}"?`
  return `${prefix}${safe(name)}: unknown field${hint}`
}

/** A field that stands at the wrong place: its full path, if only one section has it. */
function elsewhere(name: string): string | null {
  const owners = [...sections].filter(([, { fields }]) => fields.has(name)).map(([owner]) => owner)
  return owners.length === 1 ? `${owners.join('')}.${name}` : null
}
