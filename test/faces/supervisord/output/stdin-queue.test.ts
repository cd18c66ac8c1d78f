import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { StdinQueue } from '../../../../src/faces/supervisord/output/stdin-queue.ts'
import { code } from '../../../engine/supervision/supervisor-engine.ts'

const input = (write: (bytes: Uint8Array) => Promise<void>) => ({ write, end: () => undefined, unread: () => null })

test('writes follow one another, and too much of them is refused', async () => {
  const written: string[] = []
  let release = (): void => undefined
  const queue = new StdinQueue(
    input((bytes) => {
      written.push(Buffer.from(bytes).toString())
      return new Promise((resolve) => (release = resolve))
    }),
  )
  queue.push(Buffer.from('one'), 'cat')
  queue.push(Buffer.from('two'), 'cat')
  assert.deepEqual(written, ['one'])
  release()
  await turn()
  assert.deepEqual(written, ['one', 'two'])
  assert.throws(() => queue.push(new Uint8Array(5 << 20), 'cat'), code('FAILED'))
})

test('a child that closed its stdin is told one turn after the push, and at the next', async () => {
  const queue = new StdinQueue(input(() => Promise.reject(new Error('EPIPE'))))
  queue.push(Buffer.from('one'), 'cat')
  queue.mustBeOpen('cat')
  await turn()
  assert.throws(() => queue.mustBeOpen('cat'), code('NO_FILE', 'cat'))
  assert.throws(() => queue.push(Buffer.from('two'), 'cat'), code('NO_FILE', 'cat'))
})
