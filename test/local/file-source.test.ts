import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../src/domain/errors.ts'
import { ChunkLines } from '../../src/local/chunk-lines.ts'
import { FileSource, type FileSourceOptions } from '../../src/local/file-source.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'
import { Collector } from './collector.ts'

const clock = { wall: () => 1234 }

function sourceOf(options: Partial<FileSourceOptions>): { source: FileSource; collector: Collector } {
  return {
    source: new FileSource({ path: '-', stdin: Readable.from([]), clock, ...options }),
    collector: new Collector(),
  }
}

function fileWith(t: TestContext, content: string | Uint8Array): string {
  const path = join(tempDir(t), 'in.txt')
  writeFileSync(path, content)
  return path
}

test('each line of a file is a record, the last one also without newline', async (t) => {
  const path = fileWith(t, 'a\r\n\n\u0000\xff\nlast')
  const { source, collector } = sourceOf({ path })
  assert.equal(source.health().joined, false)
  await source.start(collector)
  await collector.end
  await source.finished
  assert.deepEqual(collector.lines, ['a\r', '', '\u0000\xc3\xbf', 'last'])
  assert.deepEqual(collector.partitions, [{ topic: `file:${path}`, partition: 0, epoch: 1 }])
  assert.equal(source.health().joined, true)
  assert.equal(collector.batches[0]?.context.timestamp(0), 1234)
})

test('offsets are line numbers over the borders of batches', async (t) => {
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`)
  const { source, collector } = sourceOf({ path: fileWith(t, lines.join('\n') + '\n'), chunkBytes: 100 })
  await source.start(collector)
  await collector.end
  assert.deepEqual(collector.lines, lines)
  assert.ok(collector.batches.length > 10)
  assert.deepEqual(
    collector.batches.flatMap((batch) => [...batch.offsets]),
    lines.map((_, index) => index),
  )
  let next = 0
  for (const batch of collector.batches) {
    assert.deepEqual([batch.firstOffset, batch.nextOffset, batch.ends.length], [next, next + batch.count, batch.count])
    next = batch.nextOffset
  }
})

test('an empty file ends at once, without a batch', async (t) => {
  const { source, collector } = sourceOf({ path: fileWith(t, '') })
  await source.start(collector)
  await collector.end
  assert.deepEqual(collector.batches, [])
})

test('however the bytes are cut into chunks, the lines are the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 6 }).map((bytes) => bytes.map((byte) => (byte < 90 ? 10 : byte)))),
      (chunks) => {
        const lines = new ChunkLines(1000)
        const parts = [...chunks.map((chunk) => lines.push(chunk)), lines.end()].filter((part) => part !== null)
        const whole = Buffer.concat(chunks)
        const expected = whole.length > 0 && whole.at(-1) !== 10 ? Buffer.concat([whole, Buffer.of(10)]) : whole
        assert.deepEqual(Buffer.concat(parts.map((part) => part.bytes)), expected)
        for (const { bytes, ends } of parts) {
          assert.deepEqual(
            [...ends],
            [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1),
          )
          assert.equal(ends.at(-1), bytes.length)
        }
      },
    ),
  )
})

test('the next batch waits until the last one has its place', async () => {
  const stdin = new PassThrough()
  const { source, collector } = sourceOf({ stdin })
  const room = Promise.withResolvers<undefined>()
  collector.room = room.promise.then(() => undefined)
  await source.start(collector)
  stdin.write('a\n')
  await waitFor('the first batch', () => collector.batches.length === 1)
  stdin.write('b\n')
  stdin.end()
  await new Promise(setImmediate)
  assert.equal(collector.batches.length, 1)
  room.resolve(undefined)
  await collector.end
  assert.deepEqual(collector.lines, ['a', 'b'])
})

test('nothing is handed over while the source is paused', async () => {
  const stdin = new PassThrough()
  const { source, collector } = sourceOf({ stdin })
  source.pause()
  await source.start(collector)
  stdin.end('a\n')
  await waitFor('the bytes read', () => stdin.readableLength === 0)
  await new Promise(setImmediate)
  assert.deepEqual([collector.batches.length, collector.isEnded], [0, false])
  source.resume()
  await collector.end
  assert.deepEqual(collector.lines, ['a'])
})

test('close ends the reading without an end of the input', async () => {
  const stdin = new PassThrough()
  const { source, collector } = sourceOf({ stdin })
  await source.start(collector)
  stdin.write('a\nhalf')
  await waitFor('the first batch', () => collector.batches.length === 1)
  await source.close()
  await source.finished
  await new Promise(setImmediate)
  assert.deepEqual([stdin.destroyed, collector.isEnded, source.health().error], [true, false, null])
})

test('commit remembers how far all is settled; a rewind is a bug', async () => {
  const { source } = sourceOf({})
  const at = { topic: 'file:-', partition: 0 }
  await source.commit([{ offset: 7 }, { offset: 3 }])
  assert.equal(source.progress.settled, 7)
  assert.throws(() => source.rewind(at, 3), /cannot rewind file:- to 3/)
})

test('what cannot be read is said with its reason, before anything starts', async (t) => {
  const dir = tempDir(t)
  execFileSync('mkfifo', [join(dir, 'pipe')])
  const cases: [string, RegExp][] = [
    [join(dir, 'none'), /^cannot read .*none: no such file or folder$/],
    [join(dir, 'pipe'), /^cannot read .*pipe: it is a pipe or a socket, use --in - < .*pipe$/],
  ]
  for (const [path, text] of cases) {
    const { source, collector } = sourceOf({ path })
    await assert.rejects(source.start(collector), (error) => {
      assert.ok(error instanceof AgentError)
      assert.equal(error.code, 'UNAVAILABLE')
      assert.match(error.subject, text)
      return true
    })
    await source.close()
  }
})

test('a failure in the middle shows in health and in finished, and is no end of the input', async (t) => {
  const folder = sourceOf({ path: tempDir(t) })
  await folder.source.start(folder.collector)
  await assert.rejects(folder.source.finished, { subject: /^cannot read .* after line 0: it is a folder$/ })

  const long = sourceOf({ stdin: Readable.from([Buffer.from('ok\n'), Buffer.from('x'.repeat(40))]), maxLine: 32 })
  await long.source.start(long.collector)
  await assert.rejects(long.source.finished, { code: 'UNAVAILABLE' })
  assert.equal(long.source.health().error, 'cannot read stdin after line 1: a line is longer than 32 bytes')
  assert.deepEqual([long.collector.lines, long.collector.isEnded], [['ok'], false])
})
