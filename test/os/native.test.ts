import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path, { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { exitCodeOf, exitStatusOf } from '../../src/os/exit-status.ts'
import { loadLibc } from '../../src/os/libc.ts'
import { unpack } from '../../src/os/native-file.ts'
import { onSignals } from '../../src/os/signals.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const file = createRequire(import.meta.url).resolve(
  `@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`,
)

test('the native file is unpacked to the first folder that takes it, and leaves no name', (t: TestContext) => {
  const dir = tempDir(t)
  const good = path.join(dir, 'good')
  mkdirSync(good)
  const libc = loadLibc(() => unpack(readFileSync(file), [path.join(dir, 'none'), good]))
  assert.ok(!('missing' in libc))
  const pipe = libc.pipe()
  assert.equal(libc.unread(pipe.read), 0)
  assert.deepEqual(readdirSync(good), [])
})

test('a native file that cannot be loaded is told with every place tried', (t: TestContext) => {
  const dir = tempDir(t)
  const libc = loadLibc(() => unpack(Buffer.from('no library'), [dir, path.join(dir, 'none')]))
  assert.ok('missing' in libc)
  assert.match(libc.missing, /\.pidpiper-[0-9a-f]{16}\.node: .*; .*ENOENT/)
  assert.doesNotMatch(libc.missing, /\n/)
  assert.deepEqual(readdirSync(dir), [])
})

test('failing calls are told by the name of their errno', () => {
  const libc = loadLibc()
  assert.ok(!('missing' in libc))
  assert.throws(() => libc.unread(-1), { code: 'EBADF', message: 'ioctl FIONREAD: EBADF' })
  assert.throws(() => libc.openFiles(2 ** 22 + 1), { code: 'ESRCH' })
  assert.equal(libc.widen(-1, 1), false)
  assert.equal(libc.reap(2 ** 22 + 1), null)
})

test('exit codes are those a shell reports', () => {
  assert.equal(exitCodeOf({ code: 7, signal: null }), 7)
  assert.equal(exitCodeOf({ code: null, signal: 'SIGKILL' }), 137)
  assert.equal(exitCodeOf({ code: null, signal: 'SIGTERM' }), 143)
  assert.equal(exitCodeOf({ code: null, signal: 'SIGNONE' }), 128)
})

test('a wait status of the kernel is an exit code, or the usual name of a signal', () => {
  assert.deepEqual(exitStatusOf(7 << 8), { code: 7, signal: null })
  assert.deepEqual(exitStatusOf(6), { code: null, signal: 'SIGABRT' })
  assert.deepEqual(exitStatusOf(99), { code: null, signal: null })
})

test('signals reach their handlers until they are given back', async () => {
  const seen: string[] = []
  const giveBack = onSignals({ SIGHUP: () => seen.push('SIGHUP'), SIGUSR1: () => seen.push('SIGUSR1') })
  process.kill(process.pid, 'SIGUSR1')
  await waitFor('USR1', () => seen.includes('SIGUSR1'))
  process.kill(process.pid, 'SIGHUP')
  await waitFor('HUP', () => seen.includes('SIGHUP'))
  giveBack()
  assert.equal(process.listenerCount('SIGHUP') + process.listenerCount('SIGUSR1'), 0)
})

test('large memory goes back to the system when it is freed, whatever small one is held beside it', async () => {
  const libc = join(import.meta.dirname, '../../src/os/libc.ts')
  const script = `
    const loaded = (await import(${JSON.stringify(libc)})).loadLibc()
    if (process.argv.at(-1) === 'mapped') loaded.mapLarge()
    const full = (mib) => Buffer.allocUnsafeSlow(mib << 20).fill(1)
    const rss = () => process.memoryUsage.rss() >> 20
    // The allocator learns from it that large pieces come and go.
    full(24); gc(); await new Promise(setImmediate); gc()
    const before = rss()
    let pieces = Array.from({ length: 150 }, () => full(1))
    const held = pieces.filter((_, index) => index % 10 === 9)
    pieces = null; gc(); await new Promise(setImmediate); gc()
    console.log(rss() - before, held.length)`
  const grown = async (how: string): Promise<number> => {
    const { stdout } = await execa(process.execPath, ['--expose-gc', '--input-type=module', '-e', script, how])
    const [mib, held] = stdout.split(' ').map(Number)
    assert.equal(held, 15)
    return mib ?? NaN
  }
  assert.ok((await grown('mapped')) < 40)
  assert.ok((await grown('left alone')) > 100, 'this C library needs no such help')
})
