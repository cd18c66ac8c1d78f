import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import type { OneShot, OneShotResult } from '../../src/engine/upkeep-ports.ts'
import { oneShots } from '../../src/os/one-shot.ts'
import { childOpenFiles, keepDescriptors } from '../../src/os/open-files.ts'
import { isLiving } from '../fixtures/e2e-proc.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'
import { environment, nativeLibc } from './start-child.ts'

const run = oneShots(nativeLibc())
const isRoot = process.getuid?.() === 0

const shell = (script: string, more: Partial<OneShot> = {}, signal?: AbortSignal): Promise<OneShotResult> =>
  run({ command: ['sh', '-c', script], environment, ...more }, signal ?? new AbortController().signal)

test('a command that ends tells how, and its last words', async () => {
  assert.deepEqual(await shell('echo out; echo err >&2'), { failure: null, output: 'out\nerr\n' })
  assert.deepEqual(await shell('echo why; exit 3'), { failure: 'exit status 3', output: 'why\n' })
  assert.deepEqual(await shell('kill -TERM $$'), { failure: 'terminated by SIGTERM', output: '' })
  const { failure, output } = await shell('yes 0123456789 | head -c 300000; echo the end')
  assert.equal(failure, null)
  assert.equal(output.length, 4096)
  assert.match(output, /the end\n$/)
})

test('folder, umask and the exact environment are those that were asked for', async (t) => {
  const directory = tempDir(t)
  const { output } = await shell('pwd; umask; env | sort', {
    directory,
    umask: 0o027,
    environment: { ...environment, A: 'b' },
  })
  assert.match(output, new RegExp(`^${directory}\n0027\nA=b\nPATH=.*\nPWD=.*\n$`))
})

test('it runs as the user, with all the groups', { skip: !isRoot }, async () => {
  const { output } = await shell('id -u; id -G', { user: { uid: 65_534, gid: 65_534, groups: [65_534, 12_345] } })
  assert.equal(output, '65534\n65534 12345\n')
  assert.equal(process.geteuid?.(), 0)
})

test('it gets the usual limit of open files, and no descriptor of ours', async () => {
  // As the agent does when it starts.
  keepDescriptors(nativeLibc())
  const { output } = await shell('ulimit -Sn; ls /proc/self/fd | wc -l')
  // ls opens the folder for itself.
  assert.equal(output, `${childOpenFiles(nativeLibc())}\n4\n`)
})

test('what cannot be run is a failure like any other', async (t) => {
  const { signal } = new AbortController()
  assert.match(
    (await run({ command: ['/no/such'], environment }, signal)).failure ?? '',
    /^can't find command '\/no\/such'$/,
  )
  assert.match((await shell('true', { directory: join(tempDir(t), 'gone') })).failure ?? '', /ENOENT/)
})

async function aborted(t: TestContext, script: string): Promise<{ result: OneShotResult; pid: number }> {
  const file = join(tempDir(t), 'pid')
  const controller = new AbortController()
  const ending = shell(script.replace('FILE', file), {}, controller.signal)
  const pid = await waitFor('a pid', () => Number(readFileSync(file, 'utf8')) || undefined)
  controller.abort()
  return { result: await ending, pid }
}

test('an abort kills it with all that it started', async (t) => {
  const { result, pid } = await aborted(t, 'sleep 1000 & echo $! > FILE; trap "" TERM; wait; wait')
  assert.equal(result.failure, 'terminated by SIGKILL')
  await waitFor('the end of the other', () => !isLiving(pid))
})

test('who leaves a daemon behind has ended all the same', async (t) => {
  const file = join(tempDir(t), 'pid')
  const { failure } = await shell(`setsid sleep 1000 & echo $! > ${file}`)
  assert.equal(failure, null)
  const pid = Number(readFileSync(file, 'utf8'))
  assert.ok(isLiving(pid))
  process.kill(pid, 'SIGKILL')
})
