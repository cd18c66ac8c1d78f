import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import type { ValueBatch } from '../../src/domain/stream/value-batch.ts'
import { FileSink } from '../../src/local/file-sink.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const clock = { now: () => 99 }
const context = { uniform: null, key: () => null, headers: () => [], timestamp: () => 0 }

/** Values at the given places of `text`. */
const batch = (text: string, ranges: readonly (readonly [number, number])[]): ValueBatch => ({
  partition: 0,
  count: ranges.length,
  bytes: Buffer.from(text, 'latin1'),
  starts: Uint32Array.from(ranges, ([start]) => start),
  ends: Uint32Array.from(ranges, ([, end]) => end),
  context,
})

const fileSink = (path: string): FileSink => new FileSink({ path, stdout: new PassThrough(), clock })

test('values become lines, wherever they lie', async (t) => {
  const path = join(tempDir(t), 'out')
  writeFileSync(path, 'from an earlier run')
  const sink = fileSink(path)
  assert.equal(await sink.partitions(), 1)
  assert.equal(readFileSync(path, 'latin1'), '')
  assert.equal(sink.health().lastAckAt, null)
  const lines: readonly [string, readonly (readonly [number, number])[], string][] = [
    ['aa\nb\n', [[0, 2], [3, 4]], 'aa\nb\n'], // prettier-ignore
    ['..aa\nb\n..', [[2, 4], [5, 6]], 'aa\nb\n'], // prettier-ignore
    ['aa\nb', [[0, 2], [3, 4]], 'aa\nb\n'], // prettier-ignore
    ['aabb', [[0, 2], [2, 4]], 'aa\nbb\n'], // prettier-ignore
    ['aa\nxx\nb\n', [[0, 2], [6, 7]], 'aa\nb\n'], // prettier-ignore
    ['\n\n', [[0, 0], [1, 1]], '\n\n'], // prettier-ignore
    ['\x00\xff', [[0, 2]], '\x00\xff\n'],
    ['', [], ''],
  ]
  for (const [text, ranges] of lines) assert.deepEqual(await sink.write(batch(text, ranges)), [])
  await sink.close()
  assert.equal(readFileSync(path, 'latin1'), lines.map(([, , expected]) => expected).join(''))
  assert.deepEqual(sink.health(), { lastAckAt: 99, error: null })
})

test('the file exists after a run without output', async (t) => {
  const path = join(tempDir(t), 'out')
  await fileSink(path).close()
  assert.equal(readFileSync(path, 'latin1'), '')
})

test('a file that cannot be written is told at the open or with the write', async (t) => {
  const dir = tempDir(t)
  const folder = fileSink(dir)
  await assert.rejects(folder.partitions(), { code: 'UNAVAILABLE', subject: `cannot write ${dir}: it is a folder` })
  await folder.close()
  const full = fileSink('/dev/full')
  await full.partitions()
  await assert.rejects(full.write(batch('a', [[0, 1]])), (error) => {
    assert.ok(error instanceof AgentError && error.cause instanceof Error)
    assert.equal(`${error.code} ${error.subject}`, 'UNAVAILABLE cannot write /dev/full: no space left on the device')
    return true
  })
  assert.equal(full.health().error, 'cannot write /dev/full: no space left on the device')
  await full.close()
})

test('a device can stand for the file', async () => {
  const sink = fileSink('/dev/null')
  await sink.write(batch('a', [[0, 1]]))
  await sink.close()
})

test('a write to stdout waits until the bytes are taken, and stdout stays open', async () => {
  const taken: (() => void)[] = []
  const stdout = new Writable({ write: (_chunk, _encoding, done) => void taken.push(done) })
  const sink = new FileSink({ path: '-', stdout, clock })
  let isDone = false
  const write = sink.write(batch('a', [[0, 1]])).then(() => (isDone = true))
  await new Promise(setImmediate)
  assert.deepEqual([taken.length, isDone], [1, false])
  taken[0]?.()
  await write
  await sink.close()
  assert.equal(stdout.writable, true)
})

test('a reader of stdout that is gone rejects the write and shows in health', async (t) => {
  const reader = spawn('head', ['-n', '1'], { stdio: ['pipe', 'ignore', 'ignore'] })
  t.after(() => reader.kill('SIGKILL'))
  const sink = new FileSink({ path: '-', stdout: reader.stdin, clock })
  const gone = once(reader, 'exit')
  await sink.write(batch('a', [[0, 1]]))
  await gone
  await assert.rejects(
    waitFor('the broken pipe', async () => {
      await sink.write(batch('b', [[0, 1]]))
      return false
    }, { timeout: 0 }), // prettier-ignore
    (error) => {
      const cause = (error as Error).cause
      assert.ok(cause instanceof AgentError)
      assert.equal(cause.code, 'UNAVAILABLE')
      return true
    },
  )
  assert.match(sink.health().error ?? '', /^cannot write stdout: /)
})
