// node scripts/conformance/superlance.ts "WORDS OF A DAEMON"
// Runs superlance's httpok, memmon and crashmail, as they are, under the daemon, and looks whether each does its work:
// they speak the listener protocol and ask by XML-RPC. superlance comes from PyPI into a temporary folder.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { asNumber, asProcess } from '../../src/faces/supervisord/ctl/answers.ts'
import { startDaemon, type Daemon } from './daemon.ts'

const PATIENCE_MS = 30_000

const [words] = process.argv.slice(2)
if (words === undefined) {
  process.stderr.write('usage: node scripts/conformance/superlance.ts "dist/pidpiper supervisord"\n')
  process.exit(64)
}
const folder = mkdtempSync(join(tmpdir(), 'pidpiper-superlance-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const bin = join(folder, 've/bin')

for (const [command, ...rest] of [
  ['python3', '-m', 'venv', join(folder, 've')],
  [join(bin, 'python'), '-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'superlance', 'setuptools<81'],
] as const) {
  const { status } = spawnSync(command, rest, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${rest.join(' ')}: exit code ${status}`)
}

const listener = (name: string, command: string, events: string): string =>
  `[eventlistener:${name}]\ncommand=${join(bin, command)}\nevents=${events}\nstderr_logfile=%(here)s/${name}.err\n`

const config = `[unix_http_server]
file=%(here)s/sock
[supervisord]
logfile=%(here)s/main.log
pidfile=%(here)s/pid
childlogdir=%(here)s
nodaemon=true
silent=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command=sleep 1000
[program:hog]
command=sleep 1000
[program:crasher]
command=sh -c "sleep 2; exit 3"
startsecs=0
autorestart=false
${listener('httpok', 'httpok -p web -t 1 http://127.0.0.1:1/', 'TICK_5')}
${listener('memmon', 'memmon -p hog=1KB', 'TICK_5')}
${listener('crashmail', `crashmail -a -m root@localhost -s "sh -c 'cat >> ${folder}/mail'"`, 'PROCESS_STATE_EXITED')}`

async function pidOf({ server }: Daemon, name: string): Promise<number> {
  const { all, state } = asProcess(await server.call('supervisor.getProcessInfo', [name]), 'getProcessInfo')
  return state === 20 ? asNumber(all['pid'], 'pid') : 0
}

async function sees(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await look())) {
    if (performance.now() > end) {
      process.stdout.write(`NO   ${what}\n`)
      process.exitCode = 1
      return
    }
    await pause(100)
  }
  process.stdout.write(`yes  ${what}\n`)
}

const [file = '', ...first] = words.split(' ')
const daemon = await startDaemon([file, ...first], config)
const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
try {
  await sees('web and hog run', async () => (await pidOf(daemon, 'web')) > 0 && (await pidOf(daemon, 'hog')) > 0)
  const [web, hog] = [await pidOf(daemon, 'web'), await pidOf(daemon, 'hog')]
  const another = async (name: string, before: number): Promise<boolean> =>
    ![0, before].includes(await pidOf(daemon, name))
  await sees('httpok restarts web', () => another('web', web))
  await sees('httpok says so', () => text(join(daemon.folder, 'httpok.err')).includes('web restarted'))
  await sees('memmon restarts hog', () => another('hog', hog))
  await sees('crashmail writes of crasher', () => text(join(folder, 'mail')).includes('crasher'))
  for (const name of ['httpok', 'memmon', 'crashmail']) {
    await sees(`${name} is still there`, async () => (await pidOf(daemon, name)) > 0)
  }
} finally {
  await daemon.stop()
}
