import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { readStat } from '../../src/os/proc-files.ts'
import { startReaper } from '../../src/os/reaper.ts'
import { nativeLibc, startChild } from './start-child.ts'

const fixture = new URL('../fixtures/os-reaper.ts', import.meta.url).pathname
const namespace = ['unshare', '-p', '-f', '--mount-proc', '--kill-child']
const [unshare = '', ...unshareArgs] = namespace
const permitted = spawnSync(unshare, [...unshareArgs, 'true']).status === 0
const skip = permitted ? false : `${namespace.join(' ')} is not permitted here (needs root or user namespaces)`

interface Result {
  readonly pid: number
  readonly adopted: number
  readonly left: string
  readonly wrong: number
}

async function run(t: TestContext, command: readonly string[]): Promise<Result> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as Result
}

test(
  'as PID 1: 200 orphans leave no zombie, 120 own children keep their exit codes',
  { skip },
  async (t: TestContext) => {
    const result = await run(t, [...namespace, process.execPath, fixture])
    assert.deepEqual(result, { pid: 1, adopted: 200, left: '', wrong: 0 })
  },
)

test('as subreaper: 200 orphans leave no zombie, 120 own children keep their exit codes', async (t: TestContext) => {
  const { pid, ...result } = await run(t, [process.execPath, fixture])
  assert.notEqual(pid, 1)
  assert.deepEqual(result, { adopted: 200, left: '', wrong: 0 })
})

test('without the reaper PID 1 would keep every orphan as a zombie', { skip }, async (t: TestContext) => {
  const result = await run(t, [...namespace, process.execPath, fixture, 'off'])
  assert.deepEqual(result, { pid: 1, adopted: 200, left: 'Z'.repeat(200), wrong: 0 })
})

test('the status of an own child that is dead, but not yet collected by libuv, is not stolen', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'exit 9'])
  // The event loop does not turn here: libuv learns of the death only after the reaper has looked.
  const cell = new Int32Array(new SharedArrayBuffer(4))
  while (readStat(child.pid)?.state !== 'Z') Atomics.wait(cell, 0, 0, 5)
  const reaper = startReaper(nativeLibc())
  t.after(() => reaper.stop())
  assert.equal(readStat(child.pid)?.state, 'Z')
  assert.deepEqual(await child.exit, { code: 9, signal: null })
})

test('a kernel that lets nobody be subreaper costs the orphans, and not the start', (t) => {
  const asked: boolean[] = []
  const setSubreaper = (on: boolean): void => {
    asked.push(on)
    throw Object.assign(new Error('prctl: EINVAL'), { code: 'EINVAL' })
  }
  const reaper = startReaper({ ...nativeLibc(), setSubreaper })
  t.after(() => reaper.stop())
  assert.equal(reaper.refused, 'prctl: EINVAL')
  reaper.stop()
  assert.deepEqual(asked, [true])
})
