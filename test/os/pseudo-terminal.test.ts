import assert from 'node:assert/strict'
import { createHash, randomFillSync } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import { waitFor } from '../support/wait-for.ts'
import { outputOf, programSpec, startChild } from './start-child.ts'

const pty = { stdout: 'pty' } as const

test('stdout is a terminal, stdin and stderr are not, and none controls the child', async (t) => {
  const script = 'for fd in 0 1 2; do [ -t $fd ] && echo $fd; done; stty size <&1; : </dev/tty && echo controlled'
  assert.equal(await outputOf(t, ['sh', '-c', `${script} 2>&1`], pty), '1\n50 4096\n')
})

test('every byte passes as it is, in both directions at once', async (t) => {
  const child = startChild(t, ['cat'], pty)
  const sent = createHash('sha256')
  const received = createHash('sha256')
  const ended = new Promise<void>((resolve) => {
    child.stdout.listen({ data: (chunk) => void received.update(chunk), end: resolve })
  })
  const all = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))
  for (const block of [all, ...Array.from({ length: 3 }, () => randomFillSync(Buffer.alloc(1_000_000)))]) {
    sent.update(block)
    await child.stdin.write(block)
  }
  child.stdin.end()
  await ended
  assert.equal(received.digest('hex'), sent.digest('hex'))
  assert.deepEqual(await child.exit, { code: 0, signal: null })
})

test('what it printed last is there though it is dead, and what is unread is counted', async (t) => {
  const child = startChild(t, ['sh', '-c', 'printf "one\\ntwo"'], pty)
  await child.exit
  await waitFor('the bytes to arrive', () => child.stdout.unread() === 7)
  assert.equal((await child.output()).toString(), 'one\ntwo')
  assert.equal(child.stdout.unread(), 0)
})

test('a terminal that is not read holds the child up', async (t) => {
  const child = startChild(t, ['seq', '1', '100000'], pty)
  await waitFor('a full terminal', () => (child.stdout.unread() ?? 0) > 2000)
  const expected = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('')
  assert.equal((await child.output()).toString(), expected)
})

test('no descriptor stays open', async (t) => {
  const count = (): number => readdirSync('/proc/self/fd').length
  await outputOf(t, ['true'], pty)
  const before = count()
  for (let i = 0; i < 5; i++) await outputOf(t, ['true'], pty)
  await waitFor('the same number of descriptors', () => count() <= before)
})

test('without the native part there is none, and the message says who asked', () => {
  const spawner = new NodeSpawner({ libc: null, onStderrLine: () => undefined })
  const isNamed = (error: unknown): boolean => error instanceof AgentError && /^CHILD_STDOUT=pty/.test(error.subject)
  assert.throws(() => spawner.spawn(programSpec(['true'], pty), () => undefined), isNamed)
})
