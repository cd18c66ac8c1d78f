import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { stderrSplitter, StderrTails } from '../../src/os/child-stderr.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import { waitFor } from '../support/wait-for.ts'
import { nativeLibc, programSpec, startChild } from './start-child.ts'

const limit = 64 * 1024

/** Lines of `bytes` given in chunks of `size`; all are there when this returns, without a tick between. */
function linesOf(bytes: Uint8Array, size = bytes.length): { text: string; cut: boolean }[] {
  const lines: { text: string; cut: boolean }[] = []
  const splitter = stderrSplitter((text, cut) => lines.push({ text, cut }))
  for (let at = 0; at < bytes.length; at += size) splitter.write(bytes.subarray(at, at + size))
  splitter.end()
  splitter.end()
  splitter.write(Buffer.from('too late\n'))
  return lines
}

const texts = (bytes: string | Uint8Array, size?: number): string[] =>
  linesOf(Buffer.from(bytes as string), size).map((line) => line.text)

test('lines, empty lines, CRLF and a last line without newline', () => {
  for (const size of [1, 2, 3, 100]) assert.deepEqual(texts('a\n\nb\r\nlast', size), ['a', '', 'b', 'last'])
  assert.deepEqual(texts(''), [])
})

test('UTF-8 is kept over chunk borders, other bytes and control characters are escaped', () => {
  const good = 'grün 水 🙂\ttab ﻿'
  for (const size of [1, 2, 3, 5]) assert.deepEqual(texts(`${good}\n`, size), [good])
  const odd = Buffer.concat([
    Buffer.from('a\x1b[31m\0\x7f\u0085é'),
    Buffer.from([0xff, 0xc3, 0xed, 0xa0, 0x80, 0xc0, 0x80, 0x41]),
  ])
  assert.deepEqual(texts(odd), ['a\\x1b[31m\\x00\\x7f\\x85é\\xff\\xc3\\xed\\xa0\\x80\\xc0\\x80A'])
})

test('a line over 64 KiB is cut and marked, its neighbours are whole', () => {
  for (const size of [999, 1 << 16, 1 << 20]) {
    for (const [length, cut] of [
      [limit - 1, false],
      [limit, false],
      [limit + 1, true],
      [3 * limit, true],
    ] as const) {
      for (const end of ['', '\n', '\nafter']) {
        const [before, long, after] = linesOf(Buffer.from(`before\n${'x'.repeat(length)}${end}`), size)
        assert.deepEqual(before, { text: 'before', cut: false })
        assert.equal(long?.cut, cut)
        assert.equal(long.text.length, Math.min(length, limit))
        assert.equal(after?.text, end === '\nafter' ? 'after' : undefined)
      }
    }
  }
})

test('of a line without end no more than the limit is kept', () => {
  const lengths: number[] = []
  const splitter = stderrSplitter((text) => lengths.push(text.length))
  const block = Buffer.alloc(1 << 16, 'x')
  for (let i = 0; i < 1000; i += 1) splitter.write(block)
  splitter.end()
  assert.deepEqual(lengths, [limit])
})

test('the tail keeps the last 20 lines of each process, 500 characters each', () => {
  const tails = new StderrTails()
  for (let i = 0; i < 30; i += 1) tails.add('a', `line ${i}`)
  tails.add('b', 'x'.repeat(1000))
  assert.deepEqual(
    tails.of('a'),
    Array.from({ length: 20 }, (_, i) => `line ${i + 10}`),
  )
  assert.equal(tails.of('b')[0]?.length, 500)
  assert.deepEqual(tails.of('c'), [])
})

test('the last words of a child are told before its exit', async (t: TestContext) => {
  for (let i = 0; i < 20; i += 1) {
    const child = startChild(t, ['sh', '-c', 'echo first >&2; printf "no newline" >&2; kill -9 $$'], { name: 'a' })
    assert.deepEqual(await child.exit, { code: null, signal: 'SIGKILL' })
    assert.deepEqual(child.spawner.stderrTail('calculator:a'), ['first', 'no newline'])
    assert.deepEqual(child.stderr.at(-1), { namespec: 'calculator:a', pid: child.pid, text: 'no newline', cut: false })
  }
})

test('the last lines, which everybody may see, are kept without what nobody may', async (t: TestContext) => {
  const masked = (text: string): string => text.replaceAll('s3cret', '***')
  const spawner = new NodeSpawner({ libc: null, onStderrLine: () => undefined, masked })
  const exited = Promise.withResolvers<unknown>()
  const child = spawner.spawn(programSpec(['sh', '-c', 'echo login with s3cret failed >&2']), exited.resolve)
  t.after(() => spawner.kill(child.pid, 'SIGKILL', true))
  await exited.promise
  await waitFor('the line', () => spawner.stderrTail('calculator').length === 1)
  assert.deepEqual(spawner.stderrTail('calculator'), ['login with *** failed'])
})

test('stderr comes without the native part, too', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'echo one >&2; printf two >&2'], { libc: null })
  await waitFor('both lines', () => child.stderr.length === 2)
  assert.deepEqual(child.spawner.stderrTail('calculator'), ['one', 'two'])
})

test('a survivor that goes on writing does not hold up the exit', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'yes >&2 & exec sh -c "exit 5"'], { libc: nativeLibc() })
  assert.deepEqual(await child.exit, { code: 5, signal: null })
  child.spawner.kill(child.pid, 'SIGKILL', true)
})
