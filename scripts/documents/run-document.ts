// The table of fields in docs/run-document.md. What a field accepts and what a change of it costs is asked of the code.
import { changeClass } from '../../src/domain/stream/change-class.ts'
import {
  applyDocument,
  parseRunDocument,
  type DocumentPart,
  type ParsedDocument,
} from '../../src/domain/stream/run-document.ts'
import type { StreamSettings } from '../../src/domain/stream/settings.ts'
import { variables, type VariableName } from '../../src/config/variables.ts'

/** All that RUN_DOCUMENT_ALLOW can permit. */
export const everything: ReadonlySet<DocumentPart> = new Set(['streams', 'calculator'])

export interface FieldNotes {
  /** A good value. */
  readonly example: unknown
  /** One whose refusal says all that is expected; null where it is not given. */
  readonly refused?: unknown
  /** What holds without the field; null: nothing from outside. */
  readonly fallback: VariableName | '--args' | null
  /** What holds without that, too, where the table of variables has no default. */
  readonly otherwise?: string
  readonly says: string
}

// prettier-ignore
export const documentFields: Readonly<Record<string, FieldNotes>> = {
  'input.topics': { example: ['readings', 'late'], fallback: 'INPUT_TOPICS', otherwise: 'refused', says: 'Topics to read: at least one, none of them twice. Not needed with `source`.' },
  'input.from': { example: 'latest', fallback: 'INPUT_FROM', says: 'Where a partition begins for which the consumer group has no committed offset. What is committed stays.' },
  'output.topic': { example: 'answers', fallback: 'OUTPUT_TOPIC', otherwise: 'answers go nowhere', says: 'Topic for the answers.' },
  'output.format': { example: 'raw', fallback: 'OUTPUT_FORMAT', says: 'An envelope around each line ([protocols.md](protocols.md#dataframes)), or the line alone.' },
  'output.json': { example: true, fallback: 'OUTPUT_JSON', says: 'The line stands in the envelope as JSON, not as a string.' },
  'deadLetter.topic': { example: 'scores.dead-letter', fallback: 'DEAD_LETTER_TOPIC', otherwise: '`<output topic>.dead-letter`, `<first input topic>.dead-letter`', says: 'Topic for dead letters ([dead-letters.md](dead-letters.md)): none of the input topics.' },
  'deadLetter.attempts': { example: 5, fallback: 'DEAD_LETTER_ATTEMPTS', says: 'How many Calculators a record may end, alone in work, before it is a dead letter.' },
  'calculator.bin': { example: '/opt/app/score.py', fallback: 'PROGRAM', otherwise: 'refused', says: 'The program. `--bin` wins over PROGRAM.' },
  'calculator.args': { example: ['/var/model'], fallback: '--args', otherwise: 'none', says: 'All of its arguments, a text for each.' },
  'calculator.env': { example: { MODEL: 'v7' }, fallback: null, otherwise: 'none', says: 'Variables that are added to its environment, and win over those of the container. Their order is of no account.' },
  'calculator.workers': { example: 2, refused: 1e6, fallback: 'WORKERS', says: 'How many Calculators share the input ([protocols.md](protocols.md#several-workers)).' },
  'calculator.protocol': { example: 'one-to-one', fallback: 'PROTOCOL', says: 'Which lines answer which records ([protocols.md](protocols.md)).' },
}

/** What comes of a document with this field alone. */
export function parsed(field: string, value: unknown): ParsedDocument {
  const [section = '', name = ''] = field.split('.')
  return parseRunDocument(JSON.stringify({ [section]: { [name]: value } }), everything)
}

/** Every topic is named, so that a change of one is no change of another. */
const base: StreamSettings = {
  inputTopics: ['a'],
  inputFrom: 'earliest',
  outputTopic: 'b',
  outputFormat: 'dataframe',
  outputJson: false,
  deadLetterTopic: 'c',
  deadLetterAttempts: 3,
  protocol: 'relay',
  workers: 1,
  bin: 'cat',
  args: [],
  env: {},
}

/** The table as it stands in docs/run-document.md; a test holds it equal. */
export function fieldsTable(): string {
  const rows = Object.entries(documentFields).map(
    ([field, notes]) =>
      `| \`${field}\` | ${accepted(field, notes)} | ${without(notes)} | ${cost(field, notes)} | ${notes.says} |`,
  )
  return `| Field | Accepts | Without it | A change is | Meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function accepted(field: string, { refused = null }: FieldNotes): string {
  const result = parsed(field, refused)
  const [problem = ''] = 'problems' in result ? result.problems : []
  const expected = /^[\w.]+: expected (.*), found [^,]*$/.exec(problem)?.[1]
  if (expected === undefined) throw new Error(`${field} is not refused in the usual words: ${problem}`)
  return expected.replace(/" or "/g, '", "').replace(/"([^"]*)"/g, '`$1`')
}

function cost(field: string, { example }: FieldNotes): string {
  const result = parsed(field, example)
  if ('problems' in result) throw new Error(`the example is refused: ${result.problems.join()}`)
  return [...changeClass(base, applyDocument(base, result.document))].join(', ')
}

function without({ fallback, otherwise }: FieldNotes): string {
  const byDefault = fallback === null || fallback === '--args' ? null : variables[fallback].default
  const last = byDefault === null ? (otherwise ?? '') : `\`${byDefault}\``
  return fallback === null ? last : `\`${fallback}\`, else ${last}`
}
