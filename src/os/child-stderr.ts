// Stderr of children as lines. Bytes are read as Latin-1, one character per byte, so that nothing is lost before the
// decision what is text. The agent must neither die of what a child prints nor keep more than one line of it.
import type net from 'node:net'
import split2 from 'split2'
import { readLastWords } from './last-words.ts'

const MAX_LINE_BYTES = 64 * 1024
const TAIL_LINES = 20
const TAIL_LINE_CHARS = 500
/** Stands at the end of a cut line on its way through the splitter; no byte becomes this character. */
const CUT_MARK = '\u{ffff}'

/** The splitter of one incarnation's stderr. */
export interface StderrSplitter {
  write(chunk: Uint8Array): void
  /** Delivers a last line without newline; later chunks are ignored. */
  end(): void
}

/** Calls `onLine` synchronously: for each line of a chunk within `write`, for the last one within `end`. */
export function stderrSplitter(onLine: (text: string, cut: boolean) => void): StderrSplitter {
  // A mapper that returns nothing makes split2 a plain splitter: no line waits in a stream buffer.
  const lines = split2(
    (line: string) => {
      const cut = line.endsWith(CUT_MARK)
      onLine(readable(cut ? line.slice(0, -1) : line), cut)
    },
    // Strings pass split2's own UTF-8 decoder untouched; the limiter in front keeps its buffer below the limit.
    { decodeStrings: false },
  )
  lines.resume()
  const limit = limiter()
  let ended = false
  return {
    write(chunk) {
      if (ended) return
      lines.write(limit(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')), 'latin1')
    },
    end() {
      if (ended) return
      ended = true
      lines.end()
    },
  }
}

/** Drops what exceeds the limit of each line and puts the mark in its place, over chunk borders. */
function limiter(): (text: string) => string {
  let length = 0
  return (text) => {
    if (length + text.length <= MAX_LINE_BYTES) {
      const newline = text.lastIndexOf('\n')
      length = newline < 0 ? length + text.length : text.length - newline - 1
      return text
    }
    let kept = ''
    for (let at = 0; at < text.length;) {
      const newline = text.indexOf('\n', at)
      const end = newline < 0 ? text.length : newline
      const room = Math.max(MAX_LINE_BYTES - length, 0)
      kept += text.slice(at, Math.min(end, at + room))
      if (end - at > room && length <= MAX_LINE_BYTES) kept += CUT_MARK
      length = newline < 0 ? Math.min(length + end - at, MAX_LINE_BYTES + 1) : 0
      if (newline >= 0) kept += '\n'
      at = end + 1
    }
    return kept
  }
}

/** One well-formed UTF-8 sequence of several bytes, or one byte that is not printable ASCII or a tab. */
const ODD =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[^\t\x20-\x7e]/g

/** Latin-1 bytes to text: valid UTF-8 is decoded, every other byte and control character is written as \xNN. */
const readable = (latin1: string): string =>
  latin1.replace(ODD, (bytes) => {
    const text = bytes.length > 1 ? Buffer.from(bytes, 'latin1').toString() : bytes
    const code = text.codePointAt(0) ?? 0
    return bytes.length > 1 && code > 0x9f ? text : `\\x${code.toString(16).padStart(2, '0')}`
  })

/**
 * Reads a child's stderr to its end. `fd` is the socket's descriptor, null where it is not known.
 * @returns to be called at the child's death: delivers at once what it left behind, before its exit is told
 */
export function readStderr(
  socket: net.Socket,
  fd: number | null,
  onLine: (text: string, cut: boolean) => void,
): () => void {
  const splitter = stderrSplitter(onLine)
  socket.on('data', (chunk: Buffer) => splitter.write(chunk))
  socket.on('end', () => splitter.end())
  // After a read error 'close' follows, without 'end'.
  socket.on('error', () => undefined)
  socket.on('close', () => splitter.end())
  return () => {
    socket.unref()
    if (fd !== null && !socket.destroyed && !socket.readableEnded) readWhatIsThere(fd, splitter)
  }
}

/** Takes what a pipe holds at this moment; at its end the last line is delivered, too. */
export function readWhatIsThere(fd: number, splitter: StderrSplitter): void {
  const isOver = readLastWords(fd, Buffer.allocUnsafe(1 << 16), (chunk) => splitter.write(chunk))
  if (isOver) splitter.end()
}

/** Remembers the last stderr lines of each process, over its incarnations. */
export class StderrTails {
  readonly #tails = new Map<string, string[]>()

  add(namespec: string, text: string): void {
    const tail = this.#tails.get(namespec) ?? []
    tail.push(text.length > TAIL_LINE_CHARS ? text.slice(0, TAIL_LINE_CHARS) : text)
    if (tail.length > TAIL_LINES) tail.shift()
    this.#tails.set(namespec, tail)
  }

  of(namespec: string): readonly string[] {
    return [...(this.#tails.get(namespec) ?? [])]
  }
}
