// `pidpiper dlq ls`: a line per letter, and how many there are by reason.
import type { Letter } from '../domain/dead-letters/letter.ts'
import { isSelected, type Selection, type Span } from '../domain/dead-letters/selection.ts'
import type { Millis } from '../domain/time.ts'
import type { Progress } from './dlq-progress.ts'
import * as text from './dlq-text.ts'
import { ansi, paint } from './paint.ts'

export interface ListParts {
  readonly topic: string
  readonly spans: readonly Span[]
  read(span: Span): AsyncIterable<readonly Letter[]>
  marks(partition: number): Promise<text.Marks>
  /** Resolves when the reader of the output has room for more. */
  readonly print: (text: string) => Promise<void>
  readonly progress: Progress
}

export interface ListOptions {
  readonly selection: Selection
  /** At most so many letters; null: all. */
  readonly limit: number | null
  readonly json: boolean
  readonly colors: boolean
}

interface Count {
  letters: number
  replayed: number
  bytes: number
  first: Millis
  last: Millis
}

/** Reasons are words of whoever wrote the letters: so many are counted each on its own. */
const MOST_REASONS = 100
const OTHERS = '(other reasons)'
const KEY_SHOWN = 40

/** Rejects as `read` does. Letters are not kept: there may be millions. */
export async function list(parts: ListParts, { selection, limit, json, colors }: ListOptions): Promise<void> {
  const { topic, spans, print, progress } = parts
  const total = spans.reduce((sum, { from, to }) => sum + to - from, 0)
  const counts = new Map<string, Count>()
  let looked = 0
  let room = limit ?? Infinity
  const show = async (letters: readonly Letter[], marks: text.Marks): Promise<void> => {
    const chosen = letters.filter((letter) => isSelected(selection, letter)).slice(0, room)
    looked += letters.length
    if (chosen.length > 0) {
      if (counts.size === 0 && !json) await print(paint(colors, ansi.dim, HEADING))
      progress.clear()
      await print(chosen.map((letter) => lineOf(letter, marks, json, colors)).join(''))
    }
    for (const letter of chosen) add(counts, letter, marks)
    room -= chosen.length
    progress.tell(() => `looked at ${looked} of ${total}`)
  }
  for (const span of spans) {
    if (room === 0) break
    const marks = await parts.marks(span.partition)
    for await (const letters of parts.read(span)) {
      await show(letters, marks)
      if (room === 0) break
    }
  }
  progress.clear()
  if (!json) await print(counts.size === 0 ? `no letters in ${topic}${asAsked(selection)}\n` : summary(counts, topic))
}

const columns = (place: string, time: string, reason: string, source: string, size: string, key: string): string =>
  `${place.padEnd(12)} ${time.padEnd(24)} ${reason} ${source.padEnd(28)} ${size.padStart(9)}  ${key}\n`

const REASON_WIDTH = 16
const HEADING = columns('LETTER', 'WRITTEN', 'REASON'.padEnd(REASON_WIDTH), 'SOURCE', 'SIZE', 'KEY')

function lineOf(letter: Letter, marks: text.Marks, json: boolean, colors: boolean): string {
  if (json) return `${JSON.stringify(text.jsonLetter(letter, marks))}\n`
  const reason = text.headOf(Buffer.from(letter.reason), 40).padEnd(REASON_WIDTH)
  const replayed = marks?.has(letter.offset, letter.reason) === true
  const line = columns(
    `${letter.partition}:${letter.offset}`,
    text.timeText(letter.time),
    replayed ? reason : paint(colors, ansi.yellow, reason),
    text.sourceText(letter),
    text.sizeText(letter.fullLength ?? letter.value.length),
    [letter.key ? text.headOf(letter.key, KEY_SHOWN) : '-', ...notes(letter, replayed)].join('  '),
  )
  return replayed ? paint(colors, ansi.dim, line.slice(0, -1)) + '\n' : line
}

const notes = (letter: Letter, replayed: boolean): string[] => [
  ...(letter.fullLength === null ? [] : ['(cut short)']),
  ...(replayed ? ['(replayed)'] : []),
]

function add(counts: Map<string, Count>, { offset, reason, time, value }: Letter, marks: text.Marks): void {
  const name = counts.has(reason) || counts.size < MOST_REASONS ? reason : OTHERS
  const count = counts.get(name) ?? { letters: 0, replayed: 0, bytes: 0, first: time, last: time }
  counts.set(name, count)
  count.letters++
  if (marks?.has(offset, reason) === true) count.replayed++
  count.bytes += value.length
  count.first = Math.min(count.first, time)
  count.last = Math.max(count.last, time)
}

const asAsked = ({ reasons, since, until, partition, offset }: Selection): string =>
  reasons.length > 0 || since !== null || until !== null || partition !== null || offset !== null ? ' as asked for' : ''

function summary(counts: ReadonlyMap<string, Count>, topic: string): string {
  const width = Math.max(...[...counts.keys()].map((reason) => text.headOf(Buffer.from(reason), 40).length))
  const lines = [...counts].map(([reason, { letters, replayed, first, last }]) => {
    const when = first === last ? text.timeText(first) : `${text.timeText(first)} to ${text.timeText(last)}`
    const done = replayed === 0 ? '' : `, ${replayed === letters ? 'all' : replayed.toLocaleString('en-US')} replayed`
    return `${text.headOf(Buffer.from(reason), 40).padEnd(width)}  ${text.countText(letters)}${done}  ${when}\n`
  })
  const all = [...counts.values()]
  const letters = text.countText(all.reduce((sum, count) => sum + count.letters, 0))
  return `\n${lines.join('')}${letters} in ${topic}, ${text.sizeText(all.reduce((sum, { bytes }) => sum + bytes, 0))}\n`
}
