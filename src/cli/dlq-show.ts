// `pidpiper dlq show`: everything that a letter says.
import type { Letter } from '../domain/dead-letters/letter.ts'
import { typedFacts } from '../domain/dead-letters/typed-facts.ts'
import * as text from './dlq-text.ts'
import { ansi, paint } from './paint.ts'

/** Bytes of a value that are shown in hexadecimal. */
const HEX_SHOWN = 256

export interface ShowOptions {
  readonly json: boolean
  readonly colors: boolean
}

/** One letter whole: for people, or as JSON. `marks` null: whether it was replayed is not known. */
export function show(letter: Letter, marks: text.Marks, { json, colors }: ShowOptions): string {
  if (json) return `${JSON.stringify(wholeLetter(letter, marks), null, 2)}\n`
  const heading = (words: string): string => `\n${paint(colors, ansi.bold, words)}\n`
  const replayed = marks === null ? 'not known' : marks.has(letter.offset, letter.reason) ? 'yes' : 'no'
  const facts: [string, string][] = [
    ['letter', `${letter.partition}:${letter.offset}`],
    ['reason', letter.reason],
    ['source', text.sourceText(letter)],
    ['written', text.timeText(letter.time)],
    ['replayed', replayed],
    ...[...letter.facts]
      .filter(([name]) => !inSource.has(name))
      .map(([name, fact]) => [name, fact] as [string, string]),
    ...(letter.source?.timestamp == null
      ? []
      : ([['timestamp', text.timeText(letter.source.timestamp)]] as [string, string][])),
  ]
  const headers = letter.headers.map(([name, value]): [string, string] => [name, value ? wordOf(value) : '(null)'])
  return [
    table(facts, colors),
    headers.length === 0 ? '' : heading('headers') + table(headers, colors),
    heading('key') + (letter.key ? `${wordOf(letter.key)}\n` : '(none)\n'),
    heading(`value, ${sizes(letter)}`) + valueText(letter.value),
  ].join('')
}

const inSource = new Set(['topic', 'partition', 'offset', 'timestamp'])

/** Facts such as the last stderr lines have several lines. */
const table = (rows: readonly (readonly [string, string])[], colors: boolean): string => {
  const names = rows.map(([name]) => text.printable(name))
  const width = Math.max(...names.map((name) => name.length))
  const indent = `\n${' '.repeat(width + 2)}`
  return rows
    .map(([, value], index) => {
      const lines = value.split('\n').map((line) => text.printable(line))
      return `${paint(colors, ansi.dim, (names[index] ?? '').padEnd(width))}  ${lines.join(indent)}\n`
    })
    .join('')
}

function sizes({ value, fullLength }: Letter): string {
  const size = text.sizeText(value.length)
  return fullLength === null ? size : `${size}: the beginning of ${text.sizeText(fullLength)}`
}

/** Text, or Base64 where it is none. */
function wordOf(bytes: Uint8Array): string {
  const word = text.utf8(bytes)
  return word === null ? `${Buffer.from(bytes).toString('base64')} (Base64)` : text.printable(word)
}

function valueText(value: Uint8Array): string {
  const words = text.utf8(value)
  if (words !== null) return `${text.printable(words, '\n\t')}\n`
  const hex =
    Buffer.from(value.subarray(0, HEX_SHOWN))
      .toString('hex')
      .match(/.{1,64}/g) ?? []
  const more = value.length > HEX_SHOWN ? `… and ${text.sizeText(value.length - HEX_SHOWN)} more; ` : ''
  return `${hex.join('\n')}\n(not UTF-8, shown in hexadecimal; ${more}--raw writes the bytes as they are)\n`
}

const wholeLetter = (letter: Letter, marks: text.Marks): Record<string, unknown> => ({
  ...text.jsonLetter(letter, marks),
  facts: typedFacts(letter.facts),
  headers: letter.headers.map(([name, value]) => ({ name, ...text.jsonBytes('value', value) })),
  ...text.jsonBytes('value', letter.value),
})
