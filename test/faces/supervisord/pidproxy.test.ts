import assert from 'node:assert/strict'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { agentCommand } from '../../support/agent.ts'
import { tempDir } from '../../support/temp.ts'
import { waitFor } from '../../support/wait-for.ts'

function start(t: TestContext, ...words: string[]): { child: ChildProcessWithoutNullStreams; out: () => string } {
  const [file, ...first] = agentCommand()
  const child = spawn(file, [...first, 'pidproxy', ...words], { env: { PATH: process.env['PATH'] } })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  t.after(() => {
    child.kill('SIGKILL')
    // What it ran, where it is a `cat`, ends with its input.
    child.stdin.destroy()
  })
  return { child, out: () => out }
}

/** A command that stays, while another process with the pid in the pidfile stands for the daemon it left behind. */
async function withDaemon(
  t: TestContext,
): Promise<ReturnType<typeof start> & { pidfile: string; heard: () => string }> {
  const folder = tempDir(t)
  const pidfile = join(folder, 'pid')
  const heard = join(folder, 'heard')
  const script = `trap 'echo HUP >> ${heard}' HUP; trap 'echo USR1 >> ${heard}' USR1; trap 'echo TERM >> ${heard}; exit' TERM
    echo $$ > ${pidfile}; echo up > ${heard}; while :; do sleep 0.02; done`
  const daemon = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' })
  t.after(() => daemon.kill('SIGKILL'))
  await waitFor('the daemon', () => existsSync(heard))
  const proxy = start(t, pidfile, '/bin/cat')
  // Its own child is there: then its handlers are.
  const children = `/proc/${proxy.child.pid}/task/${proxy.child.pid}/children`
  await waitFor('the command', () => readFileSync(children, 'utf8') !== '')
  return { ...proxy, pidfile, heard: () => readFileSync(heard, 'utf8') }
}

test('signals go to the pid in the file; after TERM the proxy leaves', async (t) => {
  const { child, heard } = await withDaemon(t)
  child.kill('SIGHUP')
  await waitFor('HUP', () => heard().includes('HUP'))
  child.kill('SIGUSR1')
  await waitFor('USR1', () => heard().includes('USR1'))
  assert.equal(child.exitCode, null)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  assert.equal(code, 0)
  await waitFor('TERM', () => heard().includes('TERM'))
})

test('without a readable pidfile it says so and stays', async (t) => {
  const { child, out, pidfile } = await withDaemon(t)
  writeFileSync(pidfile, 'nonsense\n')
  child.kill('SIGTERM')
  await waitFor('a word about it', () => out() === `Can't read child pidfile ${pidfile}!\n`)
  assert.equal(child.exitCode, null)
})

test('it ends with its command, whose arguments and output are untouched', async (t) => {
  const { child, out } = start(t, '/nowhere', '/bin/sh', '-c', 'echo "$0 $1"; exit 3', 'one two', '--three')
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(out(), 'one two --three\n')
  assert.equal(code, 0)
})

test('no words, and a command that is not there', async (t) => {
  const usage = start(t)
  assert.deepEqual(await once(usage.child, 'close'), [1, null])
  assert.match(usage.out(), /^pidproxy -- .*\n\nUsage: .* <pidfile name> <command>/)
  const missing = start(t, '/nowhere', '/no/such/command')
  assert.deepEqual(await once(missing.child, 'close'), [127, null])
  assert.match(missing.out(), /^Can't run \/no\/such\/command: .*ENOENT/)
})
