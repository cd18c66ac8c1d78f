import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import { childOpenFiles, keepDescriptors, withOpenFiles } from '../../src/os/open-files.ts'
import { nativeLibc, outputOf } from './start-child.ts'

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
  withOpenFiles(fake, 1024n, 20, () => {
    calls.push([-1, 0n])
    return { pid: 77 }
  })
  assert.deepEqual(calls.splice(0), [
    [0, 1024n],
    [-1, 0n],
    [0, 5000n],
  ])
  withOpenFiles(fake, 1024n, 1000, () => ({ pid: 77 }))
  assert.deepEqual(calls.splice(0), [[77, 1024n]])
  assert.throws(() => withOpenFiles(fake, 1024n, 20, () => assert.fail('start')))
  assert.deepEqual(calls.splice(0), [
    [0, 1024n],
    [0, 5000n],
  ])
  withOpenFiles(fake, 5000n, 20, () => ({ pid: 77 }))
  assert.deepEqual(calls, [])
})

test('without /proc the start is refused by name, with the cure', () => {
  assert.throws(
    () => keepDescriptors(libc, '/no/such/proc'),
    (error) => error instanceof AgentError && error.code === 'UNAVAILABLE' && /mount -t proc/.test(error.subject),
  )
})
