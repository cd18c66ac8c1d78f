import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { test } from 'node:test'
import { groupMemory } from '../../src/os/group-memory.ts'
import { waitFor } from '../support/wait-for.ts'

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
