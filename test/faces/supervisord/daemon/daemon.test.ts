import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { isLiving } from '../../../fixtures/e2e-proc.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { ask, asking } from './asked.ts'
import { start } from './started.ts'

const programs = `
[unix_http_server]
file=FOLDER/sock
[program:loop]
command=sleep 1000
startsecs=0
autorestart=true
[program:talker]
command=sh -c 'echo to everybody; exec sleep 1000'
stdout_logfile=/dev/stdout
stderr_logfile=NONE
[program:flood]
command=sh -c 'yes 0123456789 | head -c 1000000; exec sleep 1000'
stdout_logfile=FOLDER/flood.log
stdout_logfile_maxbytes=100KB
stdout_logfile_backups=2
`

/** Ms of the time at the head of a line. */
const instant = (head: string): number => Date.parse(head.replace(',', '.'))

test('a daemon in the foreground: restarts, logs, reload, reopening, and a clean end', async (t) => {
  const daemon = start(t, { programs })
  const [, first = ''] = await daemon.said(/spawned: 'loop' with pid (\d+)/)
  await daemon.said(/success: talker entered RUNNING state, process has stayed up for > than 1 seconds \(startsecs\)/)
  process.kill(Number(first), 'SIGKILL')
  await daemon.said(/success: loop entered RUNNING state/, 2)
  const [, exited = ''] = await daemon.said(/^(.*) WARN exited: loop \(terminated by SIGKILL; not expected\)/m)
  const [, again = ''] = await daemon.said(/^(.*) INFO success: loop entered RUNNING state/m, 2)
  assert.ok(instant(again) - instant(exited) < 1000, `${exited} to ${again}`)

  assert.match(daemon.stdout(), /^to everybody$/m)
  assert.match(daemon.stdout(), / INFO supervisord started with pid \d+$/m)
  const parts = await waitFor('a rotation', () => {
    // The next may take one away while it is read.
    const texts = ['flood.log.2', 'flood.log.1', 'flood.log'].map((name) => daemon.file(name))
    return texts[0] !== '' && texts
  })
  assert.ok(parts.every((part) => part.length <= 100 * 1024 + 256 * 1024))

  renameSync(join(daemon.folder, 'main.log'), join(daemon.folder, 'main.old'))
  daemon.child.kill('SIGUSR2')
  await waitFor('a new log', () => existsSync(join(daemon.folder, 'main.log')))
  assert.match(daemon.file('main.old'), /INFO received SIGUSR2 indicating log reopen request\n.*supervisord logreopen/)

  // Node's own answer to it is a debugger that listens.
  daemon.child.kill('SIGUSR1')
  await daemon.said(/WARN ignored SIGUSR1, which means nothing here/)
  assert.equal(daemon.stderr(), '')

  const pid = daemon.file('pid')
  daemon.child.kill('SIGHUP')
  await daemon.said(/WARN received SIGHUP indicating restart request/)
  const [, renewed] = await daemon.said(/supervisord started with pid (\d+)/)
  assert.equal(`${renewed ?? ''}\n`, pid)
  const [, last = ''] = await daemon.said(/spawned: 'talker' with pid (\d+)/)

  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
  assert.match(
    daemon.log(),
    /WARN received SIGTERM indicating exit request\n.*INFO waiting for flood, loop, talker to die/,
  )
  assert.equal(isLiving(Number(last)), false)
  assert.deepEqual([existsSync(join(daemon.folder, 'pid')), existsSync(join(daemon.folder, 'sock'))], [false, false])
})

test('a listener hears of every stop of a shutdown before its own', async (t) => {
  const daemon = start(t, {
    programs: `
[eventlistener:l]
command="${process.execPath}" "${join(import.meta.dirname, 'listener.ts')}" FOLDER/heard
events=PROCESS_STATE_STOPPED
startsecs=0
[program:p]
command=sleep 1000
numprocs=8
process_name=%(process_num)d
startsecs=0
`,
  })
  await waitFor('the listener', () => existsSync(join(daemon.folder, 'heard')))
  await daemon.said(/success: 7 entered RUNNING/)
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
  assert.equal(daemon.file('heard').match(/groupname:p from_state:STOPPING/g)?.length, 8, daemon.log())
})

test('a daemon leaves the terminal when it is ready, and a second one is refused in its place', async (t) => {
  const daemon = start(t, { programs: '[unix_http_server]\nfile=FOLDER/sock', settings: '' })
  assert.equal(await daemon.exit, 0)
  const pid = Number(daemon.file('pid'))
  t.after(() => isLiving(pid) && process.kill(pid, 'SIGKILL'))
  assert.ok(existsSync(join(daemon.folder, 'sock')))
  assert.match(daemon.log(), /INFO daemonizing the supervisord process\n.*INFO supervisord started with pid/)
  process.kill(pid, 'SIGTERM')
  await waitFor('its end', () => !isLiving(pid))
})

test('starts that fail say why in two lines, with 2', async (t) => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['nodaemon=true', ['-x'], 'option -x not recognized'],
    ['nodaemon=true\nuser=nosuch', [], 'Invalid user name nosuch'],
    [
      '',
      ['-l', '/no/x.log'],
      "invalid value for -l '/no/x.log': The directory named as part of the path /no/x.log does not exist",
    ],
    ['', [], 'Cannot open an HTTP server: socket.error reported'],
  ]
  await Promise.all(
    cases.map(async ([settings, words, message]) => {
      const programs = '[unix_http_server]\nfile=/no/such/sock\n[program:none]\ncommand=cat'
      const daemon = start(t, { programs, settings, words })
      assert.equal(await daemon.exit, 2)
      const [first = '', second = ''] = daemon.stderr().split('\n')
      assert.ok(first.startsWith(`Error: ${message}`), daemon.stderr())
      assert.match(second, /^For help, use .* -h$/)
      assert.deepEqual(
        readdirSync(daemon.folder).filter((name) => name.includes('---t-')),
        [],
      )
    }),
  )
})

/** A program of the file beside a Calculator that reads stdin; both run. */
async function besideACalculator(t: TestContext): Promise<ReturnType<typeof start>> {
  const daemon = start(t, {
    face: [],
    programs: '[program:exporter]\ncommand=sleep 1000',
    words: ['--bin', 'cat', '--in', '-', '--out', '-'],
    stdin: 'pipe',
  })
  await daemon.said(/success: calculator entered RUNNING/)
  return daemon
}

test('a reload that fails ends the Calculator in order', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const daemon = await besideACalculator(t)
  daemon.child.stdin?.write('one\n')
  await waitFor('an answer', () => daemon.stdout() !== '')
  daemon.rewrite(`[inet_http_server]\nport=127.0.0.1:${port}`)
  daemon.child.kill('SIGHUP')
  assert.equal(await daemon.exit, 2)
  assert.match(
    daemon.stderr(),
    /"agent.draining"[^]*"process.stopped"[^]*"agent.stopped"[^]*\nError: Another program is already listening/,
  )
})

test('a program that has the name of the Calculator is told before anything starts', async (t) => {
  const daemon = start(t, {
    face: [],
    programs: '[program:exporter]\ncommand=sleep 1000\n[program:calculator]\ncommand=sleep 1000',
    words: ['--bin', 'cat', '--in', '/dev/null', '--out', '-'],
  })
  assert.equal(await daemon.exit, 2)
  assert.match(
    daemon.stderr(),
    /^Error: .*\[program:calculator\] is in the group calculator, which is the Calculator's: CALCULATOR_GROUP /m,
  )
  assert.equal(daemon.log(), '')
})

test('a reload that brings the name of the Calculator leaves everything as it is', async (t) => {
  const daemon = await besideACalculator(t)
  daemon.rewrite('[program:calculator]\ncommand=sleep 1000')
  daemon.child.kill('SIGHUP')
  await daemon.said(/CRIT cannot restart, everything stays as it is: .*\[program:calculator\]/)
  daemon.child.stdin?.end('one\n')
  assert.equal(await daemon.exit, 0)
})

const isRoot = process.getuid?.() === 0

test('as PID 1 it stays, warns, and reaps what others leave behind', { skip: !isRoot }, async (t) => {
  const daemon = start(t, {
    programs: `[program:orphaner]\ncommand=sh -c '(sh -c "sleep 0.1; exit 5" &); exec sleep 1000'`,
    settings: '',
    under: ['unshare', '-p', '-f', '--mount-proc', '--kill-child'],
  })
  await daemon.said(/WARN running as PID 1, so not daemonizing/)
  await daemon.said(/INFO supervisord started with pid 1$/m)
  await daemon.said(/INFO reaped unknown pid \d+ \(exit status 5\)/)
})

test('programs of a file run beside a Calculator, start before it, and end with it', async (t) => {
  const daemon = start(t, {
    face: [],
    programs: '[program:exporter]\ncommand=sleep 1000\npriority=1\nenvironment=X="1"',
    words: ['--bin', 'cat', '--in', '-', '--out', '-'],
    settings: '',
    stdin: 'pipe',
  })
  await daemon.said(/spawned: 'exporter' with pid \d+[^]*spawned: 'calculator' with pid \d+/)
  daemon.child.stdin?.end('one\ntwo\n')
  assert.equal(await daemon.exit, 0)
  // Stdout is the stream's: the main log keeps away from it.
  assert.deepEqual(
    daemon
      .stdout()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { data: unknown }).data),
    ['one', 'two'],
  )
  assert.match(
    daemon.log(),
    /exited: calculator \(exit status 0; expected\)\n[^]*stopped: exporter \(terminated by SIGTERM\)/,
  )
})

test('a shutdown over XML-RPC has the Calculator drain before its programs are stopped', async (t) => {
  const daemon = start(t, {
    face: [],
    programs: `${asking}[program:db]\ncommand=sleep 1000\nstartsecs=0`,
    words: ['--bin', 'cat', '--in', '-', '--out', '-'],
    stdin: 'pipe',
  })
  const { call } = await ask(t, daemon)
  await daemon.said(/success: calculator entered RUNNING/)
  await call('shutdown')
  assert.equal(await daemon.exit, 0)
  assert.match(
    daemon.log(),
    /(stopped|exited): calculator [^]*waiting for db to die[^]*stopped: db \(terminated by SIGTERM\)/,
  )
})
