import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { ExitStatus } from '../../src/domain/process/state.ts'
import { AgentError } from '../../src/domain/errors.ts'
import { childOpenFiles, keepDescriptors, withOpenFiles } from '../../src/os/open-files.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import { nativeLibc, outputOf, programSpec } from './start-child.ts'

const libc = nativeLibc()
const withHard = (hard: bigint) => ({ ...libc, openFiles: () => ({ soft: hard, hard }) })
const limits = (soft: string) => (): string =>
  `Max cpu time   unlimited  unlimited  seconds\nMax open files   ${soft}   1048576   files\n`

test('children get the soft limit of the process that started the agent', () => {
  assert.equal(childOpenFiles(withHard(1_048_576n), limits('4096')), 4096n)
  assert.equal(childOpenFiles(withHard(2000n), limits('4096')), 2000n)
})

test('PID 1 gives the hard limit where it is modest, else 1024', () => {
  assert.equal(
    childOpenFiles(withHard(1_048_576n), () => ''),
    1024n,
  )
  assert.equal(
    childOpenFiles(withHard(65_536n), () => ''),
    65_536n,
  )
  assert.equal(
    childOpenFiles(withHard(500n), () => ''),
    500n,
  )
})

test('a child has the limit from its first instruction, we keep ours', async (t: TestContext) => {
  const before = libc.openFiles(0)
  const expected = childOpenFiles(libc)
  const output = await outputOf(t, ['sh', '-c', 'ulimit -Sn; ulimit -Hn'])
  assert.equal(output, `${expected}\n${before.hard}\n`)
  assert.deepEqual(libc.openFiles(0), before)
})

test('the own limit is lowered only while the child starts, and not with many descriptors in use', () => {
  const calls: [number, bigint][] = []
  const fake = {
    ...libc,
    openFiles: () => ({ soft: 5000n, hard: 5000n }),
    setOpenFiles: (pid: number, { soft }: { soft: bigint }) => void calls.push([pid, soft]),
  }
  const few = () => 20
  const started = () => {
    calls.push([-1, 0n])
    return { pid: 77 }
  }
  withOpenFiles(fake, 1024n, started, few)
  assert.deepEqual(calls.splice(0), [
    [0, 1024n],
    [-1, 0n],
    [0, 5000n],
  ])
  withOpenFiles(fake, 1024n, started, () => 1000)
  assert.deepEqual(calls.splice(0), [
    [-1, 0n],
    [77, 1024n],
  ])
  assert.throws(() => withOpenFiles(fake, 1024n, () => assert.fail('start'), few))
  assert.deepEqual(calls.splice(0), [
    [0, 1024n],
    [0, 5000n],
  ])
  withOpenFiles(fake, 5000n, started, few)
  assert.deepEqual(calls, [[-1, 0n]])
})

test('gaps among many descriptors are no trap for a start', async (t) => {
  const open = Array.from({ length: 1100 }, () => openSync('/dev/null', 'r'))
  t.after(() => open.forEach((fd) => closeSync(fd)))
  const spawner = new NodeSpawner({ libc, openFiles: 1024n, onStderrLine: () => undefined })
  // The pipes of a start fill them, and what Node opens besides is far above.
  for (let gaps = 0; gaps <= 8; gaps++) {
    if (gaps > 0) closeSync(open.shift() ?? -1)
    for (const overrides of [{}, { stderr: 'bytes' } as const]) {
      const ended = await new Promise<ExitStatus>((resolve) => {
        const { stdout, stderr } = spawner.spawn(programSpec(['true'], overrides), resolve)
        for (const output of [stdout, stderr]) output?.listen({ data: () => undefined, end: () => undefined })
      })
      assert.deepEqual(ended, { code: 0, signal: null })
    }
  }
})

test('without /proc the start is refused by name, with the cure', () => {
  assert.throws(
    () => keepDescriptors(libc, '/no/such/proc'),
    (error) => error instanceof AgentError && error.code === 'UNAVAILABLE' && /mount -t proc/.test(error.subject),
  )
})
