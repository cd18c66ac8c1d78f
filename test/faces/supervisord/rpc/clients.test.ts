// Clients that people have: Python's own, and the real supervisorctl where Debian's package is installed.
import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { waitFor } from '../../../support/wait-for.ts'
import { realPython } from '../config/real-supervisord.ts'
import { serve, type Serving } from '../serving.ts'
import { signatures } from './signatures.ts'

const run = promisify(execFile)
const script = join(import.meta.dirname, 'all-methods.py')
const noPython = spawnSync('python3', ['--version']).status !== 0 && 'no python3'
const noReal = realPython() === null && 'needs python3 with the module supervisor (Debian: apt-get install supervisor)'

async function askAll(where: string): Promise<(readonly [string, unknown])[]> {
  const { stdout } = await run('python3', [script, where])
  return JSON.parse(stdout) as (readonly [string, unknown])[]
}

test('Python’s xmlrpc.client calls every method, over TCP and over the unix socket', { skip: noPython }, async (t) => {
  const overTcp = await serve(t, 'username=user\npassword={SHA}40bd001563085fc35165329ea1ff5c5ecbdbbeef\n')
  const overUnix = await serve(t)
  overTcp.daemon.children.get('cat')?.stdout.append('é\x1b[m\n')
  overUnix.daemon.children.get('cat')?.stdout.append('é\x1b[m\n')
  const answers = await askAll(overTcp.url.replace('//', '//user:123@'))
  assert.deepEqual(answers, await askAll(overUnix.socket))
  const byName = new Map(answers)
  assert.deepEqual([...byName.keys()].sort(), Object.keys(signatures))
  const faults = answers.filter(([, answer]) => Object.hasOwn(answer as object, 'fault'))
  assert.deepEqual(faults, [
    ['supervisor.startProcess', { fault: 60, text: 'ALREADY_STARTED: cat' }],
    ['supervisor.shutdown', { fault: 6, text: 'SHUTDOWN_STATE' }],
  ])
  assert.equal(byName.get('supervisor.readProcessStdoutLog'), 'é\ufffd[m\n')
  assert.deepEqual(byName.get('supervisor.getState'), { statecode: 1, statename: 'RUNNING' })
  assert.deepEqual(byName.get('system.multicall'), [4242])
  assert.ok(overUnix.daemon.asked.includes(`stdin cat ${Buffer.from('héllo\n').toString('hex')}`))
  assert.ok(overUnix.daemon.asked.includes('event kind däta'))
  assert.deepEqual(byName.get('supervisor.getProcessInfo'), {
    name: 'cat',
    group: 'cat',
    start: 1_795_315_272,
    stop: 0,
    now: 1_795_315_316,
    state: 20,
    statename: 'RUNNING',
    spawnerr: '',
    exitstatus: 0,
    logfile: '/var/log/cat.log',
    stdout_logfile: '/var/log/cat.log',
    stderr_logfile: '',
    pid: 77,
    description: 'pid 77, uptime 0:00:44',
  })
})

interface Ended {
  readonly stdout: string
  readonly code: number
}

function spawnCtl({ socket }: Serving, words: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  const configuration = `${socket}.conf`
  writeFileSync(configuration, '[supervisorctl]\n')
  const argv = ['-c', configuration, '-s', `unix://${socket}`, ...words]
  return spawn('supervisorctl', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function supervisorctl(serving: Serving, ...words: string[]): Promise<Ended> {
  const child = spawnCtl(serving, words)
  const [stdout, code] = await Promise.all([
    text(child.stdout),
    new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1))),
  ])
  return { stdout, code }
}

test('the real supervisorctl works with it', { skip: noReal }, async (t) => {
  const serving = await serve(t)
  serving.daemon.set('multi:multi_00', { state: 'FATAL', startedAt: 1, spawnerr: 'Exited too quickly' })
  const ctl = (...words: string[]): Promise<Ended> => supervisorctl(serving, ...words)
  assert.deepEqual(await ctl('status', 'multi:*'), {
    stdout:
      'multi:multi_00                   FATAL     Exited too quickly\n' +
      'multi:multi_01                   STOPPED   Not started\n',
    code: 3,
  })
  assert.deepEqual(await ctl('start', 'cat', 'missing', 'nope'), {
    stdout: 'cat: started\nmissing: ERROR (no such file)\nnope: ERROR (no such process)\n',
    code: 1,
  })
  assert.equal(
    (await ctl('status', 'cat')).stdout,
    'cat                              RUNNING   pid 77, uptime 0:00:44\n',
  )
  serving.daemon.children.get('cat')?.stdout.append('one\nzwei ü\n')
  assert.match((await ctl('tail', 'cat')).stdout, /^one\nzwei ü\n/)
  serving.daemon.difference = { added: ['new'], changed: ['cat'], removed: [] }
  assert.equal((await ctl('reread')).stdout, 'cat: changed\nnew: available\n')
  assert.match((await ctl('avail')).stdout, /^cat +in use +auto +999:999$/m)
  assert.equal((await ctl('shutdown')).stdout, 'Shut down\n')
})

test('the real supervisorctl follows a log, and leaves no follower behind', { skip: noReal }, async (t) => {
  const serving = await serve(t)
  const log = serving.daemon.children.get('cat')?.stdout
  log?.append('before\n')
  const child = spawnCtl(serving, ['tail', '-f', 'cat'])
  t.after(() => child.kill('SIGKILL'))
  let seen = ''
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()))
  await waitFor('the end of the log', () => seen.includes('before\n'))
  log?.append('after ü\n')
  await waitFor('what was added', () => seen.includes('after ü\n'))
  child.kill('SIGTERM')
  await waitFor('the follower to be closed', () => log?.followers === 0)
  assert.equal(seen, '==> Press Ctrl-C to exit <==\nbefore\nafter ü\n')
})
