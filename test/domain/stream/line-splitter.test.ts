import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Lines } from '../../../src/domain/stream/lines.ts'
import { LineSplitter } from '../../../src/domain/stream/line-splitter.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function linesOf(lines: Lines | null): string[] {
  if (!lines) return []
  assert.equal(lines.ends.length, lines.count)
  assert.equal(lines.ends[lines.count - 1], lines.bytes.length)
  let start = 0
  return [...lines.ends].map((end) => {
    const line = textOf(lines.bytes.subarray(start, end))
    start = end
    assert.ok(line.endsWith('\n'))
    return line.slice(0, -1)
  })
}

/** The chunk with so many free bytes in front of it. */
function behind(headroom: number, chunk: Uint8Array): Uint8Array {
  if (headroom === 0) return chunk
  const memory = Buffer.alloc(headroom + chunk.length, '#')
  memory.set(chunk, headroom)
  return memory.subarray(headroom)
}

/** What came out, in order; oversized lines as `length:head`. */
function splitAll(
  chunks: readonly Uint8Array[],
  maxLine: number,
  headroom = 0,
): { out: string[]; rest: string; restLength: number } {
  const splitter = new LineSplitter(maxLine)
  const out: string[] = []
  for (const chunk of chunks) {
    const lines = linesOf(splitter.push(behind(headroom, chunk), headroom))
    const oversized = splitter.takeOversized()
    let from = 0
    for (const { head, length, afterLine } of oversized) {
      out.push(...lines.slice(from, afterLine), `${length}:${textOf(head)}`)
      from = afterLine
    }
    out.push(...lines.slice(from))
    assert.deepEqual(splitter.takeOversized(), [])
  }
  return { out, rest: textOf(splitter.partial), restLength: splitter.partialLength }
}

function naive(bytes: Uint8Array, maxLine: number): { out: string[]; rest: string; restLength: number } {
  const pieces = textOf(bytes).split('\n')
  const rest = pieces.pop() ?? ''
  return {
    out: pieces.map((piece) => (piece.length > maxLine ? `${piece.length}:${piece.slice(0, 1024)}` : piece)),
    rest: rest.length > maxLine ? rest.slice(0, 1024) : rest,
    restLength: rest.length,
  }
}

const byte = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 255 }) },
  { weight: 2, arbitrary: fc.constant(10) },
  { weight: 1, arbitrary: fc.constant(13) },
)
const chunk = fc.array(byte, { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes))
const chunks = fc.array(
  fc.tuple(chunk, fc.boolean()).map(([bytes, asBuffer]) => (asBuffer ? Buffer.from(bytes) : bytes)),
  { maxLength: 20 },
)

test('any chunking gives the lines of a plain split, oversized ones in their places', () => {
  fc.assert(
    fc.property(chunks, fc.integer({ min: 0, max: 15 }), fc.nat({ max: 12 }), (pieces, maxLine, headroom) => {
      assert.deepEqual(splitAll(pieces, maxLine, headroom), naive(Buffer.concat(pieces), maxLine))
    }),
    { numRuns: 3000 },
  )
})

test('lines around the limit and heads longer than 1 KiB, in large chunks', () => {
  const text = [
    'a'.repeat(2000),
    'b'.repeat(2001),
    'c'.repeat(1023),
    'd'.repeat(9000),
    '',
    'e\r',
    'f'.repeat(3000),
  ].join('\n')
  for (const size of [1, 7, 1000, 1024, 4096, 1e6]) {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < text.length; at += size) pieces.push(bytesOf(text.slice(at, at + size)))
    assert.deepEqual(splitAll(pieces, 2000), naive(bytesOf(text), 2000))
  }
})

test('without a carry the lines are a view of the chunk, and with one they outlive the next push', () => {
  const splitter = new LineSplitter(100)
  const chunk = bytesOf('one\ntwo\nthr')
  const lines = splitter.push(chunk)
  assert.equal(lines?.bytes.buffer, chunk.buffer)
  const carried = splitter.push(bytesOf('ee\nfour'))
  splitter.push(bytesOf('XXXXXXXX'))
  splitter.push(bytesOf('XX\n'))
  assert.deepEqual(linesOf(carried), ['three'])
})

test('a line that crosses into memory with room in front is put there, and the lines behind it are not copied', () => {
  const splitter = new LineSplitter(100)
  const first = bytesOf('one\ntw')
  splitter.push(first)
  const second = behind(2, bytesOf('o\nthree\n'))
  const lines = splitter.push(second, 2)
  assert.equal(lines?.bytes.buffer, second.buffer)
  assert.deepEqual(linesOf(lines), ['two', 'three'])
  splitter.push(bytesOf('longer'))
  const third = behind(5, bytesOf('\n'))
  const copied = splitter.push(third, 5)
  assert.notEqual(copied?.bytes.buffer, third.buffer)
  assert.deepEqual(linesOf(copied), ['longer'])
})

test('the bytes of an oversized line are not kept, its beginning and length are', () => {
  const splitter = new LineSplitter(1000)
  for (let i = 0; i < 5000; i++) assert.equal(splitter.push(bytesOf('x'.repeat(1000))), null)
  assert.equal(splitter.partialLength, 5_000_000)
  assert.equal(splitter.partial.length, 1024)
  assert.equal(splitter.push(bytesOf('\n')), null)
  assert.deepEqual(
    splitter.takeOversized().map(({ head, length, afterLine }) => [head.length, length, afterLine]),
    [[1024, 5_000_000, 0]],
  )
  assert.equal(splitter.partialLength, 0)
})

test('more lines in one chunk than the scratch had room for', () => {
  const lines = new LineSplitter(10).push(bytesOf('\n'.repeat(5000)))
  assert.equal(lines?.count, 5000)
  assert.equal(lines.ends[4999], 5000)
})

test('ends hold still until they are released, and their memory serves again then', () => {
  const splitter = new LineSplitter(100)
  const chunk = bytesOf('1\n22\n'.repeat(5_000))
  const memories = new Set<ArrayBufferLike>()
  const held: Lines[] = []
  for (let i = 0; i < 200; i++) {
    const lines = splitter.push(chunk)
    assert.ok(lines)
    memories.add(lines.ends.buffer)
    held.push(lines)
    if (held.length <= 20) continue
    held.shift()
    // All that is held still holds what it held.
    for (const { ends, count } of held) assert.deepEqual([count, ends[1], ends[9_999]], [10_000, 5, 25_000])
    if (held[0]) splitter.release(held[0])
  }
  // Two million ends passed through pieces of 65,536; those of twenty pushes are in use at once.
  assert.ok(memories.size <= 7, `${memories.size} pieces`)
})

test('a release of lines that are copies, or of another splitter, frees nothing', () => {
  const splitter = new LineSplitter(100)
  const first = splitter.push(bytesOf('a\nb\n'))
  splitter.release({ bytes: new Uint8Array(0), ends: Uint32Array.of(1), count: 1 })
  splitter.push(bytesOf('\n'.repeat(70_000)))
  splitter.push(bytesOf('\n'.repeat(70_000)))
  assert.deepEqual(linesOf(first), ['a', 'b'])
})

test('chunks that lie one behind the other give views, also of lines that cross their borders', () => {
  const memory = bytesOf('one\ntwo\nthree\nfour\nfi')
  const splitter = new LineSplitter(100)
  const found: string[] = []
  for (const [from, to] of [
    [0, 5],
    [5, 7],
    [7, 12],
    [12, 21],
  ] as const) {
    const lines = splitter.push(memory.subarray(from, to))
    if (lines) assert.equal(lines.bytes.buffer, memory.buffer)
    found.push(...linesOf(lines))
  }
  assert.deepEqual(found, ['one', 'two', 'three', 'four'])
  assert.deepEqual(linesOf(splitter.push(bytesOf('ve\n'))), ['five'])
})
