import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { measureMemory } from '../../src/os/session-memory.ts'
import { waitFor } from '../support/wait-for.ts'
import { startChild } from './start-child.ts'

const megabyte = 1024 ** 2

test('memory of a session counts what the child started, and nobody else', async (t) => {
  const eater = (bytes: number): string =>
    `"${process.execPath}" -e 'globalThis.x = Buffer.alloc(${bytes}, 1); setInterval(() => 0, 1e6)'`
  const parent = startChild(t, ['sh', '-c', `${eater(100 * megabyte)} & wait`])
  const other = startChild(t, ['sleep', '1000'])
  await waitFor('100 MiB', async () => ((await measureMemory([parent.pid])).get(parent.pid) ?? 0) > 100 * megabyte)
  const both = await measureMemory([parent.pid, other.pid])
  assert.ok((both.get(other.pid) ?? 0) > 0 && (both.get(other.pid) ?? 0) < 20 * megabyte)
  assert.deepEqual([...both.keys()].sort(), [parent.pid, other.pid].sort())
  parent.spawner.kill(parent.pid, 'SIGKILL', true)
  await parent.exit
  await waitFor('nobody', async () => !(await measureMemory([parent.pid])).has(parent.pid))
})
