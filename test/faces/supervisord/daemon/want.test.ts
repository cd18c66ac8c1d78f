// What happens when there is no room, no folder, or no descriptor left: it is told, and the daemon lives.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { asText } from '../../../../src/faces/supervisord/ctl/answers.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { ask, asking } from './asked.ts'
import { start } from './started.ts'

const mountable = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
const noMount = mountable ? false : 'mounts need privileges that this machine does not give'

test('a log on a full file system', { skip: noMount }, async (t) => {
  const programs = `${asking}[program:full]
command=sh -c "head -c 1500000 /dev/zero; exec cat"
stdout_logfile=/mnt/full.log
startsecs=0
`
  // The file system is the daemon's alone.
  const mount = 'mount -t tmpfs -o size=1m none /mnt; exec "$@"'
  const daemon = start(t, { programs, under: ['unshare', '--mount', 'sh', '-c', mount, 'sh'] })
  const { call } = await ask(t, daemon)
  await daemon.said(/CRIT cannot write the stdout log \/mnt\/full\.log of 'full': ENOSPC; its output is dropped/)
  await waitFor('room', async () => {
    await call('sendProcessStdin', 'full', 'x')
    const first = asText(await call('readProcessStdoutLog', 'full', 0, 1), 'the log')
    // What was still on its way comes before it, and fits in.
    if (first !== 'x' && first !== '') await call('clearProcessLogs', 'full')
    return first === 'x'
  })
  const [, lost] = await daemon.said(
    /WARN the stdout log \/mnt\/full\.log of 'full' can be written again, (\d+) bytes were/,
  )
  assert.ok(Number(lost) > 0 && Number(lost) < 1_500_000, lost)
  assert.equal(daemon.log().match(/cannot write/g)?.length, 1)
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
})

test('the folder of a log is deleted under a running child', async (t) => {
  const programs = `${asking}[program:cat]
command=cat
stdout_logfile=FOLDER/logs/cat.log
startsecs=0
startretries=0
`
  const prepare = ['sh', '-c', 'mkdir logs; exec "$@"', 'sh']
  const daemon = start(t, { programs, under: prepare })
  const { call } = await ask(t, daemon)
  await daemon.said(/success: cat entered RUNNING state/)
  const logs = join(daemon.folder, 'logs')

  rmSync(logs, { recursive: true })
  daemon.child.kill('SIGUSR2')
  await daemon.said(/CRIT cannot write the stdout log .*cat\.log of 'cat': ENOENT; its output is dropped/)
  await assert.rejects(call('readProcessStdoutLog', 'cat', 0, 0), /NO_FILE: .*logs\/cat\.log/)
  await call('stopProcess', 'cat')
  await assert.rejects(call('startProcess', 'cat'), /SPAWN_ERROR: cat/)
  await daemon.said(/INFO spawnerr: unknown error making dispatchers for 'cat': ENOENT/)
  await daemon.said(/gave up: cat entered FATAL state/)

  mkdirSync(logs)
  await call('startProcess', 'cat')
  await call('sendProcessStdin', 'cat', 'back\n')
  await waitFor('the log', () => existsSync(join(logs, 'cat.log')) && daemon.file('logs/cat.log') === 'back\n')
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
})

test('more programs than descriptors', async (t) => {
  const count = 40
  const keys = 'command=sleep 1000\nstartsecs=0\nstartretries=0'
  const programs = Array.from({ length: count }, (_, at) => `[program:p${at}]\n${keys}\n`)
  const settings = 'nodaemon=true\nminfds=50'
  const under = ['prlimit', '--nofile=100:100']
  const daemon = start(t, { programs: asking + programs.join(''), settings, under })
  const { call, states } = await ask(t, daemon)
  const counts = await waitFor('an end of the starts', async () => {
    const now = await states()
    return (now['RUNNING'] ?? 0) + (now['FATAL'] ?? 0) === count && now
  })
  assert.ok((counts['RUNNING'] ?? 0) > 5 && (counts['FATAL'] ?? 0) > 5, JSON.stringify(counts))
  await daemon.said(/INFO spawnerr: too many open files to spawn 'p\d+'/)
  // Those that run give theirs back, and others have them.
  await call('stopAllProcesses')
  assert.deepEqual(await states(), { STOPPED: counts['RUNNING'], FATAL: counts['FATAL'] })
  await call('startProcess', `p${count - 1}`)
  const own = readFileSync(`/proc/${daemon.child.pid ?? 0}/status`, 'utf8')
  assert.match(own, /^State:\s+[RS]/m)
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
})
