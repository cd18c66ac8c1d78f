import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import type { Activity } from '../../src/engine/ports.ts'
import { readStat } from '../../src/os/proc-files.ts'
import { activity, membersOf } from '../../src/os/proc.ts'
import { waitKinds } from '../../src/os/syscall-table.ts'
import { waitFor } from '../support/wait-for.ts'
import { startChild, type StartedChild } from './start-child.ts'

const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
const reader = new URL('../fixtures/os-node-reader.ts', import.meta.url).pathname

/** Nothing of it runs, or would run if there were a CPU free for it. */
const atRest = (pid: number): boolean => membersOf(pid).every((member) => readStat(member)?.state === 'S')

/** Sees what the child is once it has come to rest: five looks in a row agree, and none of them found it running. */
async function settled(child: StartedChild): Promise<Activity['parked']> {
  let cpu: bigint | null = -1n
  let same = 0
  return waitFor('the child is at rest', () => {
    const rested = atRest(child.pid)
    const seen = child.spawner.activity(child.pid)
    same = rested && atRest(child.pid) && seen.cpu === cpu ? same + 1 : 0
    cpu = seen.cpu
    return same >= 5 ? seen.parked : undefined
  })
}

/** Echo one line first, where the command can, so that start-up code is over. */
const cases: { name: string; tool?: string; command: string[]; line?: string; parked: Activity['parked'] }[] = [
  { name: 'cat', command: ['cat'], line: 'x', parked: 'stdin' },
  { name: 'mawk', tool: 'mawk', command: ['mawk', '-W', 'interactive', '{print}'], line: 'x', parked: 'stdin' },
  { name: 'jq', tool: 'jq', command: ['jq', '--unbuffered', '-c', '.'], line: '{"a":1}', parked: 'stdin' },
  {
    name: 'python over sys.stdin',
    tool: 'python3',
    command: ['python3', '-c', 'import sys\nfor l in sys.stdin: print(l, end="", flush=True)'],
    line: 'x',
    parked: 'stdin',
  },
  {
    name: 'python in select with stdin',
    tool: 'python3',
    command: ['python3', '-c', 'import select,sys\nprint(1, flush=True)\nselect.select([sys.stdin],[],[])'],
    parked: 'stdin',
  },
  {
    name: 'python in select with another descriptor',
    tool: 'python3',
    command: ['python3', '-c', 'import os,select\nr,w=os.pipe()\nprint(1, flush=True)\nselect.select([r],[],[])'],
    parked: 'waiting',
  },
  {
    name: 'python in poll with stdin',
    tool: 'python3',
    command: ['python3', '-c', 'import select\np=select.poll();p.register(0,1)\nprint(1, flush=True)\np.poll()'],
    parked: 'stdin',
  },
  {
    name: 'python in poll with stdin, but not for reading',
    tool: 'python3',
    command: ['python3', '-c', 'import select\np=select.poll();p.register(0,4)\nprint(1, flush=True)\np.poll()'],
    parked: 'waiting',
  },
  {
    name: 'python reading stdin under another number',
    tool: 'python3',
    command: ['python3', '-c', 'import os\nfd=os.dup(0)\nos.close(0)\nprint(1, flush=True)\nos.read(fd,1)'],
    parked: 'stdin',
  },
  {
    name: 'python in time.sleep',
    tool: 'python3',
    command: ['python3', '-c', 'import time\nprint(1, flush=True)\ntime.sleep(60)'],
    parked: 'busy',
  },
  {
    name: 'python sleeping in select, as time.sleep did before 3.11',
    tool: 'python3',
    command: ['python3', '-c', 'import select\nprint(1, flush=True)\nselect.select([],[],[],60)'],
    parked: 'busy',
  },
  {
    name: 'python sleeping in poll',
    tool: 'python3',
    command: ['python3', '-c', 'import select\nprint(1, flush=True)\nselect.poll().poll(60000)'],
    parked: 'busy',
  },
  {
    name: 'python waiting for a socket',
    tool: 'python3',
    command: ['python3', '-c', 'import socket\na,b=socket.socketpair()\nprint(1, flush=True)\na.recv(1)'],
    parked: 'busy',
  },
  {
    name: 'python writing to a full pipe',
    tool: 'python3',
    command: ['python3', '-c', 'import os\nr,w=os.pipe()\nprint(1, flush=True)\nos.write(w,bytes(1000000))'],
    parked: 'busy',
  },
  {
    name: 'python in a lock',
    tool: 'python3',
    command: ['python3', '-c', 'import threading\nl=threading.Lock();l.acquire()\nprint(1, flush=True)\nl.acquire()'],
    parked: 'waiting',
  },
  {
    name: 'a reader with a sleeping child',
    command: ['sh', '-c', 'sleep 60 & echo up; read line'],
    parked: 'busy',
  },
  {
    name: 'a reader with an orphan in its group',
    command: ['sh', '-c', '(sleep 60 &); echo up; read line'],
    parked: 'busy',
  },
  {
    name: 'a waiter with a busy child in another session',
    tool: 'setsid',
    // Out of reach of a signal to the group: it ends by itself, with its stdin.
    command: ['setsid', '-w', 'sh', '-c', 'sleep 60 <&- >&- 2>&- & echo up; read line; kill $!'],
    parked: 'busy',
  },
  { name: 'sh in read', command: ['sh', '-c', 'while read l; do echo $l; done'], line: 'x', parked: 'stdin' },
  { name: 'Node', command: [process.execPath, reader], line: 'x', parked: 'waiting' },
  { name: 'a pipeline', command: ['sh', '-c', 'cat | cat'], line: 'x', parked: 'waiting' },
  {
    name: 'a reader in a session of its own',
    tool: 'setsid',
    command: ['setsid', '-w', 'cat'],
    line: 'x',
    parked: 'waiting',
  },
  {
    name: 'a loop body that sleeps',
    command: ['sh', '-c', 'while read l; do echo up; sleep 60; done'],
    line: 'x',
    parked: 'busy',
  },
]

for (const { name, tool, command, line, parked } of cases) {
  const skip = tool !== undefined && !has(tool) ? `${tool} is not installed` : false
  test(`${name} is ${parked}`, { skip }, async (t: TestContext) => {
    const child = startChild(t, command)
    const answered = new Promise<void>((resolve) =>
      child.stdout.listen({ data: () => resolve(), end: () => undefined }),
    )
    if (line !== undefined) await child.stdin.write(Buffer.from(`${line}\n`))
    await answered
    assert.equal(await settled(child), parked)
  })
}

test('a busy loop is busy, and its CPU time grows', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'while :; do :; done'])
  const first = child.spawner.activity(child.pid)
  await waitFor('more CPU time', () => (child.spawner.activity(child.pid).cpu ?? 0n) > (first.cpu ?? 0n) + 20_000_000n)
  assert.equal(child.spawner.activity(child.pid).parked, 'busy')
  child.spawner.kill(child.pid, 'SIGKILL', true)
  await child.exit
  assert.deepEqual(child.spawner.activity(child.pid), { cpu: null, parked: 'busy' })
})

test('a process that is gone is busy, one without our pipe is never at stdin', async (t: TestContext) => {
  assert.deepEqual(activity(2 ** 22 + 1, null), { cpu: null, parked: 'busy' })
  const child = startChild(t, ['cat'])
  await waitFor('at rest', () => activity(child.pid, null).parked === 'waiting')
})

test('without the native part nothing is claimed', async (t: TestContext) => {
  const child = startChild(t, ['cat'], { libc: null })
  await waitFor('cat has started', () => readFileSync(`/proc/${child.pid}/syscall`, 'latin1').startsWith('0 '))
  assert.equal(child.spawner.activity(child.pid).parked, 'unknown')
  assert.equal(child.stdin.unread(), null)
})

test('a process name with blanks and parentheses does not confuse', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'printf "a) R (b" > /proc/$$/comm; echo up; read line'])
  await new Promise<void>((resolve) => child.stdout.listen({ data: () => resolve(), end: () => undefined }))
  const stat = readStat(child.pid)
  assert.equal(stat?.pgrp, child.pid)
  assert.equal(stat.ppid, process.pid)
  assert.equal(await settled(child), 'stdin')
})

test('what the kernel hides is unknown', { skip: process.getuid?.() !== 0 && 'needs root' }, (t: TestContext) => {
  const child = startChild(t, ['cat'])
  process.seteuid?.(65_534)
  try {
    assert.equal(child.spawner.activity(child.pid).parked, 'unknown')
  } finally {
    process.seteuid?.(0)
  }
})

test('both architectures know reads, polls and waits', () => {
  for (const arch of ['x64', 'arm64']) {
    assert.deepEqual(new Set(Object.values(waitKinds(arch) ?? {})), new Set(['read', 'poll', 'select', 'wait']))
  }
  assert.equal(waitKinds('riscv64'), null)
})
