import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import process from 'node:process'
import type { ProgramSpec } from '../../src/domain/process/spec.ts'
import type { ExitStatus } from '../../src/domain/process/state.ts'
import { openListeningSocket } from '../../src/os/listening-socket.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import type { Libc } from '../../src/os/libc.ts'
import { freePort } from '../support/ports.ts'
import { nativeLibc, programSpec } from './start-child.ts'

interface Logged {
  readonly stdout: string
  readonly stderr: string
  readonly status: ExitStatus
}

/** Runs a command to its end; everything it said must be there when its end is told. */
function runLogged(
  t: TestContext,
  command: readonly string[],
  overrides: Partial<ProgramSpec> = {},
  { libc = nativeLibc(), input }: { libc?: Libc | null; input?: number } = {},
): Promise<Logged> {
  const spawner = new NodeSpawner({ libc, onStderrLine: () => undefined })
  const said = { stdout: '', stderr: '' }
  return new Promise((resolve) => {
    const spec = programSpec(command, { stderr: 'bytes', ...overrides })
    const child = spawner.spawn(spec, (status) => resolve({ ...said, status }), input)
    t.after(() => spawner.kill(child.pid, 'SIGKILL', true))
    const listener = (name: 'stdout' | 'stderr') => ({
      data: (chunk: Uint8Array) => void (said[name] += Buffer.from(chunk).toString()),
      end: () => undefined,
    })
    child.stdout.listen(listener('stdout'))
    child.stderr?.listen(listener('stderr'))
  })
}

test('both outputs are bytes for the owner, complete when the end is told', async (t) => {
  const { stdout, stderr, status } = await runLogged(t, ['sh', '-c', 'head -c 300000 /dev/zero; echo err >&2; exit 3'])
  assert.equal(stdout.length, 300_000)
  assert.equal(stderr, 'err\n')
  assert.deepEqual(status, { code: 3, signal: null })
})

test('a pipe that was found full becomes wide, and no other does', async (t) => {
  const script = [
    'import fcntl, os, sys, time',
    'size = lambda fd: fcntl.fcntl(fd, 1032)',
    'narrow = size(1)',
    'os.write(1, b"x" * narrow)',
    'while size(1) == narrow: time.sleep(0.005)',
    'print(narrow, size(1), size(2), file=sys.stderr)',
  ].join('\n')
  const { stdout, stderr } = await runLogged(t, ['python3', '-c', script])
  assert.equal(stdout.length, 65_536)
  assert.equal(stderr, '65536 1048576 65536\n')
})

test('lines that are written one by one are all there, in order, at the end', async (t) => {
  const script = 'import os\nfor at in range(50000): os.write(1, b"%05d\\n" % at)'
  const { stdout } = await runLogged(t, ['python3', '-c', script])
  const lines = Array.from({ length: 50_000 }, (_, at) => String(at).padStart(5, '0'))
  assert.ok(stdout === `${lines.join('\n')}\n`, `${stdout.length} bytes`)
})

test('a survivor of the group does not hold the end up', async (t) => {
  const { stdout } = await runLogged(t, ['sh', '-c', 'sleep 100 & echo said'])
  assert.equal(stdout, 'said\n')
})

test('without the native part, too, all is said when the end is told', async (t) => {
  for (const stderr of ['bytes', 'stdout'] as const) {
    const spawner = new NodeSpawner({ libc: null, onStderrLine: () => undefined })
    const exit = Promise.withResolvers<string>()
    let said = ''
    // A survivor holds the pipes.
    const spec = programSpec(['sh', '-c', 'sleep 100 & echo said; echo so >&2'], { stderr })
    const child = spawner.spawn(spec, () => exit.resolve(said))
    t.after(() => spawner.kill(child.pid, 'SIGKILL', true))
    for (const output of [child.stdout, child.stderr]) {
      output?.listen({ data: (chunk) => void (said += Buffer.from(chunk).toString()), end: () => undefined })
      // As for a slow log: nothing is read before the death.
      output?.pause()
    }
    assert.deepEqual((await exit.promise).split('\n').sort(), ['', 'said', 'so'])
  }
})

test('an end is told although nobody can take the last words', async (t) => {
  const [exit, choked] = [Promise.withResolvers<ExitStatus>(), Promise.withResolvers<Error>()]
  process.setUncaughtExceptionCaptureCallback(choked.resolve)
  t.after(() => process.setUncaughtExceptionCaptureCallback(null))
  const spawner = new NodeSpawner({ libc: nativeLibc(), onStderrLine: () => undefined })
  // The pipe outlives the child, so that only its death ends the reading.
  const spec = programSpec(['sh', '-c', 'sleep 100 & exit 3'], { stderr: 'bytes' })
  const child = spawner.spawn(spec, exit.resolve)
  t.after(() => spawner.kill(child.pid, 'SIGKILL', true))
  child.stdout.listen({
    data: () => undefined,
    end: () => {
      child.stdout.destroy()
      throw new Error('choked')
    },
  })
  assert.equal((await choked.promise).message, 'choked')
  assert.deepEqual(await exit.promise, { code: 3, signal: null })
})

test('stderr may go the way of stdout, in order', async (t) => {
  const command = ['sh', '-c', 'echo 1; echo 2 >&2; echo 3; echo 4 >&2']
  const { stdout, stderr } = await runLogged(t, command, { stderr: 'stdout' })
  assert.equal(stdout, '1\n2\n3\n4\n')
  assert.equal(stderr, '')
})

test('a command that could not be parsed is the reason of every start that fails', () => {
  const spawner = new NodeSpawner({ libc: null, onStderrLine: () => undefined })
  const spec = programSpec([], { commandProblem: "can't parse command 'x'" })
  assert.throws(() => spawner.spawn(spec, () => undefined), { code: 'SPAWN_ERROR', subject: "can't parse command 'x'" })
})

const isRoot = process.getuid?.() === 0
const asRoot = isRoot ? false : 'only root can start children as somebody else'

test('a child is another user with all its groups, and we stay who we are', { skip: asRoot }, async (t) => {
  const user = { uid: 33, gid: 34, groups: [34, 4, 24] }
  const script = 'id -u; id -g; id -G; grep CapEff /proc/self/status'
  const { stdout } = await runLogged(t, ['sh', '-c', script], { user, directory: '/' })
  assert.deepEqual(stdout.split('\n').slice(0, 4), ['33', '34', '34 4 24', `CapEff:\t${'0'.repeat(16)}`])
  assert.deepEqual([process.geteuid?.(), process.getegid?.()], [0, 0])
})

test('what the user may not enter or run fails with its name', { skip: asRoot }, () => {
  const spawner = new NodeSpawner({ libc: nativeLibc(), onStderrLine: () => undefined })
  const spec = programSpec(['true'], { user: { uid: 33, gid: 33, groups: [33] }, directory: '/root' })
  assert.throws(() => spawner.spawn(spec, () => undefined), { subject: "couldn't chdir to /root: EACCES" })
  assert.equal(process.geteuid?.(), 0)
})

test('a listening socket can be the stdin of a child', async (t) => {
  const port = await freePort()
  const socket = openListeningSocket(nativeLibc(), { family: 'inet', host: '127.0.0.1', port, backlog: 5 })
  t.after(() => socket.close())
  const script = 'import socket; s = socket.socket(fileno=0); print(s.getsockname()[1], s.getsockopt(1, 30))'
  const { stdout } = await runLogged(t, ['python3', '-c', script], {}, { input: socket.fd })
  assert.equal(stdout, `${port} 1\n`)
})
