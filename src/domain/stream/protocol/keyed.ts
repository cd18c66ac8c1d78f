import { AnswerPool } from '../answer-pool.ts'
import type { AnswerRun } from '../fifo.ts'
import { skipBlanks, skipString, skipValue } from '../json-text.ts'
import type { LineBatch } from '../line-batch.ts'
import type { Lines } from '../lines.ts'
import { parseRecordId } from '../record-id.ts'
import { AnswerCollector } from './answer-collector.ts'
import type { AnswerReader, Answers, OversizedAnswer, ProtocolRules, ReaderTools } from './protocol.ts'

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LETTER_F = 0x66

/** Where the members of an answer lie; -1 for one that is not there. */
interface Answer {
  id: number
  idEnd: number
  data: number
  dataEnd: number
  isLast: boolean
}

const UTF8 = new TextDecoder()

/** Answers name their records, in any order: `{"id": …, "data": …}`, with `"last": false` where more follow. */
class ById implements AnswerReader {
  readonly answered = null
  readonly #tools: ReaderTools
  readonly #pool = new AnswerPool()

  constructor(tools: ReaderTools) {
    this.#tools = tools
  }

  get length(): number {
    return this.#pool.length
  }

  knows(name: number | string): boolean {
    const at = typeof name === 'string' ? parseRecordId(name) : null
    return at !== null && this.#pool.isOpen(at, at.offset)
  }

  push(batch: LineBatch, from: number, to: number): void {
    this.#pool.push(batch, from, to)
  }

  forget(topic: string, partition: number): void {
    this.#pool.forget(topic, partition)
  }

  rest(): readonly AnswerRun[] {
    return this.#pool.rest()
  }

  read(lines: Lines): Answers {
    const answers = new AnswerCollector(lines)
    let violation: string | null = null
    for (let i = 0, start = 0; i < lines.count && violation === null; start = lines.ends[i++] ?? 0) {
      const answer = scan(lines.bytes, start, (lines.ends[i] ?? 1) - 1)
      const hasData = answer !== null && answer.data >= 0
      const open = answer && this.#open(lines.bytes, answer.id, answer.idEnd, answer.isLast, hasData)
      if (!answer) violation = 'a line that is no JSON object with an "id"'
      else if (!open) violation = 'a line whose "id" is of no record in work'
      else {
        if (hasData) answers.add(this.#data(lines.bytes, answer), open, open.ordinal)
        const { batch, record, orphan } = open
        if (answer.isLast) answers.done.push({ batch, from: record, to: record + 1, orphan })
      }
    }
    return answers.finish(violation)
  }

  /** Its record is known where the id comes first; the answer then is its last one. */
  oversized(head: Uint8Array): OversizedAnswer {
    const first = member(head, skipBlanks(head, 1, head.length), head.length)
    const isId = first !== null && named(head, first.name, first.nameEnd, 'id') && head[first.value] === QUOTE
    const open = isId ? this.#open(head, first.value, first.valueEnd, true, true) : null
    const answers = open && { batch: open.batch, from: open.record, to: open.record + 1, orphan: open.orphan }
    return { answers, done: answers ? [answers] : [] }
  }

  #open(
    bytes: Uint8Array,
    id: number,
    idEnd: number,
    isLast: boolean,
    countsAsAnswer: boolean,
  ): ReturnType<AnswerPool['answer']> {
    const at = parseRecordId(UTF8.decode(this.#tools.unescape(bytes, id + 1, idEnd - 1)))
    return at && this.#pool.answer(at, at.offset, isLast, countsAsAnswer)
  }

  /** A string stands for its text, anything else for itself. */
  #data(bytes: Uint8Array, { data, dataEnd }: Answer): Uint8Array {
    return bytes[data] === QUOTE && !this.#tools.json()
      ? this.#tools.unescape(bytes, data + 1, dataEnd - 1)
      : bytes.subarray(data, dataEnd)
  }
}

/** null for what is no JSON object with an id. */
function scan(bytes: Uint8Array, start: number, end: number): Answer | null {
  let at = skipBlanks(bytes, start, end)
  if (at === end || bytes[at] !== OPEN_BRACE) return null
  const answer: Answer = { id: -1, idEnd: -1, data: -1, dataEnd: -1, isLast: true }
  do {
    const found = member(bytes, skipBlanks(bytes, at + 1, end), end)
    if (!found) return null
    const { name, nameEnd, value, valueEnd } = found
    if (named(bytes, name, nameEnd, 'id') && bytes[value] === QUOTE) {
      answer.id = value
      answer.idEnd = valueEnd
    } else if (named(bytes, name, nameEnd, 'data')) {
      answer.data = value
      answer.dataEnd = valueEnd
    } else if (named(bytes, name, nameEnd, 'last')) {
      answer.isLast = bytes[value] !== LETTER_F
    }
    at = skipBlanks(bytes, valueEnd, end)
  } while (at < end && bytes[at] === COMMA)
  const isWhole = at < end && bytes[at] === CLOSE_BRACE && skipBlanks(bytes, at + 1, end) === end
  return isWhole && answer.id >= 0 ? answer : null
}

interface Member {
  readonly name: number
  readonly nameEnd: number
  readonly value: number
  readonly valueEnd: number
}

function member(bytes: Uint8Array, at: number, end: number): Member | null {
  const nameEnd = skipString(bytes, at, end)
  if (nameEnd < 0) return null
  const colon = skipBlanks(bytes, nameEnd, end)
  if (colon === end || bytes[colon] !== COLON) return null
  const value = skipBlanks(bytes, colon + 1, end)
  const valueEnd = skipValue(bytes, value, end)
  return valueEnd < 0 ? null : { name: at + 1, nameEnd: nameEnd - 1, value, valueEnd }
}

function named(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false
  return true
}

export const keyed: ProtocolRules = {
  settles: 'answer',
  stdout: 'records',
  envelope: true,
  matched: true,
  ordered: false,
  reader: (tools) => new ById(tools),
  cure: 'print JSON lines {"id": …, "data": …} with the id of the record, and "last": false where more answers follow',
}
