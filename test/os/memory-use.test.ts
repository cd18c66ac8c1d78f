import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { test } from 'node:test'
import { groupMemory, measureMemory } from '../../src/os/memory-use.ts'
import { waitFor } from '../support/wait-for.ts'
import { startChild } from './start-child.ts'

const megabyte = 1024 ** 2

/** Holds 64 MiB in a child of its own. */
const script = `
import os, time
pid = os.fork()
kept = b'x' * (64 << 20) if pid == 0 else b''
print('ready', flush=True)
time.sleep(60)
`

test('the memory of a process is that of its group', async (t) => {
  const child = spawn('python3', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  t.after(() => process.kill(-pid, 'SIGKILL'))
  await waitFor('the memory of the grandchild', () => (groupMemory(pid) ?? 0) > 64 << 20)
  assert.ok((groupMemory(pid) ?? 0) < 512 << 20)
})

test('nothing is known of a process that is gone', async () => {
  const child = spawn('true', { stdio: 'ignore' })
  await once(child, 'exit')
  assert.equal(groupMemory(child.pid ?? 0), null)
})

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
