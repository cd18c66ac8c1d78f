import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import { resources, type ResourceLimit } from '../../src/domain/process/spec.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import { nativeLibc, outputOf, programSpec } from './start-child.ts'

const libc = nativeLibc()
const isRoot = process.getuid?.() === 0
const numbers = { cpu: 0, fsize: 1, data: 2, stack: 3, core: 4, nproc: 6, nofile: 7, memlock: 8, as: 9, sigpending: 11 }
const wanted = {
  as: 2 ** 33,
  core: 0,
  cpu: 3000,
  data: 2 ** 32,
  fsize: 2 ** 30,
  memlock: 65_536,
  nofile: 200,
  nproc: 5000,
  sigpending: 100,
  stack: 2 ** 22,
}

test('a child has every limit that its program wants, the agent has none of them', async (t) => {
  const before = Object.values(numbers).map((number) => libc.limit(0, number))
  const limits: ResourceLimit[] = resources.map((resource) => ({
    resource,
    soft: wanted[resource],
    hard: wanted[resource],
  }))
  const output = await outputOf(t, ['sh', '-c', 'read end; exec cat /proc/self/limits'], { limits })
  const numbersOf = (row: string): string[] =>
    output
      .split('\n')
      .find((line) => line.startsWith(row))
      ?.match(/\d+/g) ?? []
  const rows = {
    ...{ as: 'Max address space', core: 'Max core file size', cpu: 'Max cpu time', data: 'Max data size' },
    ...{ fsize: 'Max file size', memlock: 'Max locked memory', nofile: 'Max open files', nproc: 'Max processes' },
    ...{ sigpending: 'Max pending signals', stack: 'Max stack size' },
  }
  for (const resource of resources) {
    assert.deepEqual(numbersOf(rows[resource]), [String(wanted[resource]), String(wanted[resource])], resource)
  }
  assert.deepEqual(
    Object.values(numbers).map((number) => libc.limit(0, number)),
    before,
  )
})

test(
  'soft and hard differ where they are written so, and the child of another user has them',
  { skip: !isRoot },
  async (t) => {
    const { hard } = libc.openFiles(0)
    const limits: ResourceLimit[] = [
      { resource: 'nofile', soft: 100, hard: 300 },
      { resource: 'as', soft: 2 ** 33, hard: 2 ** 34 },
    ]
    const user = { uid: 65_534, gid: 65_534, groups: [] }
    const command = ['sh', '-c', 'read end; ulimit -Sn; ulimit -Hn; ulimit -Sv; ulimit -Hv']
    assert.equal(await outputOf(t, command, { limits, user }), `100\n300\n${2 ** 23}\n${2 ** 24}\n`)
    assert.equal(libc.openFiles(0).hard, hard)
  },
)

test('a limit that cannot be had is a spawn error that names it', () => {
  const refusing = {
    ...libc,
    setLimit: () => {
      throw Object.assign(new Error('prlimit: EPERM'), { code: 'EPERM' })
    },
  }
  const spawn = (own: typeof libc | null): unknown => {
    const spawner = new NodeSpawner({ libc: own, onStderrLine: () => undefined })
    const limits: ResourceLimit[] = [{ resource: 'core', soft: 0, hard: 0 }]
    return spawner.spawn(programSpec(['true'], { limits }), () => assert.fail('it was started'))
  }
  const subject = (text: string) => (error: unknown) =>
    error instanceof AgentError && error.code === 'SPAWN_ERROR' && error.subject === text
  assert.throws(() => spawn(refusing), subject("couldn't set rlimit_core: EPERM"))
  assert.throws(() => spawn(null), subject('rlimit_core needs the native part'))
})
