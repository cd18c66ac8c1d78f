import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lines } from '../../../src/domain/stream/lines.ts'
import { weightOf } from '../../../src/engine/stream/outgoing.ts'
import { Lane } from '../../../src/engine/stream/lane.ts'
import { TalkingChild } from '../../support/talking-child.ts'

function lane() {
  const child = new TalkingChild(1)
  const parts: Lines[] = []
  const hooks = {
    lines: (lines: Lines) => void parts.push(lines),
    oversized: () => assert.fail('no line is long'),
    closed: () => assert.fail('nothing was closed'),
  }
  return { child, parts, lane: new Lane(child, null, { maxLine: 100, oomKills: null }, hooks) }
}

test('a read full of the shortest lines is delivered in parts, each weighed by its lines, and none is lost', () => {
  const { child, parts, lane: reader } = lane()
  const printed = `${'1\n'.repeat(20_000)}22`
  child.print(printed)
  assert.equal(Buffer.concat(parts.map(({ bytes }) => bytes)).toString(), `${printed}\n`)
  assert.equal(reader.linesOut, 20_001)
  assert.deepEqual(
    parts.map(({ count }) => count),
    [8192, 8192, 3617],
  )
  for (const { bytes, ends, count } of parts) assert.equal(ends[count - 1], bytes.length)
  const [weight] = parts.map((lines) => weightOf({ lines, attributions: null, done: [], incarnation: 1, sequence: 0 }))
  assert.ok((weight ?? 0) > 256 * 1024, 'a part of the shortest lines is a batch of its own')
})

test('the memory of line ends serves again where reads come in parts', () => {
  const { child, parts, lane: reader } = lane()
  const seen = new Set<ArrayBufferLike>()
  for (let i = 0; i < 40; i++) {
    child.print('1\n'.repeat(20_000))
    const [first] = parts
    assert.ok(first)
    seen.add(first.ends.buffer)
    for (const lines of parts.splice(0)) reader.release(lines)
  }
  assert.ok(seen.size <= 4, `${seen.size} pieces of memory`)
})
