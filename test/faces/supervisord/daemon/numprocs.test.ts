// `numprocs_live` and `rolling-restart` from the command line: ours, and the real supervisorctl where it is installed.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { waitFor } from '../../../support/wait-for.ts'
import { start, type Started } from './started.ts'

const main = resolve(import.meta.dirname, '../../../../src/main.ts')
const hasReal = spawnSync('supervisorctl', ['-h'], { timeout: 20_000 }).status === 0

type Ctl = (...words: readonly string[]) => { readonly output: string; readonly code: number | null }

const client =
  ({ folder }: Started, command: readonly string[]): Ctl =>
  (...words) => {
    const [file = '', ...rest] = [...command, '-s', `unix://${join(folder, 'sock')}`, ...words]
    const { stdout, status } = spawnSync(file, rest, { timeout: 60_000, encoding: 'utf8' })
    return { output: stdout, code: status }
  }

const ours = (daemon: Started): Ctl => client(daemon, [process.execPath, main, 'supervisorctl'])

const programs = (numprocs: number): string => `
[unix_http_server]
file=FOLDER/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command=sleep 1000
process_name=%(program_name)s_%(process_num)d
numprocs=${numprocs}
numprocs_live=true
startsecs=0
`

test('numprocs grows and shrinks, the others go on', async (t) => {
  const daemon = start(t, { programs: programs(2) })
  await daemon.said(/spawned: 'web_1'/)
  // Where it is there, the client that people have.
  const ctl = hasReal ? client(daemon, ['supervisorctl']) : ours(daemon)
  daemon.rewrite(programs(3))
  assert.equal(ctl('reread').output, 'web:web_2: available\n')
  assert.deepEqual(ctl('update'), { output: 'web:web_2: added process group\n', code: 0 })
  await daemon.said(/added process web_2 to group web\n[^]*spawned: 'web_2'/)
  daemon.rewrite(programs(1))
  const { output, code } = ctl('update')
  const gone = ['1', '2'].map((number) => `web:web_${number}: stopped\nweb:web_${number}: removed process group\n`)
  assert.deepEqual([output, code], [gone.join(''), 0])
  assert.match(ctl('status').output, /^web:web_0 +RUNNING +pid \d+, uptime \d:\d\d:\d\d\n$/)
  const [stopped] = await daemon.said(/stopped: web_\d \(terminated by SIGTERM\)/)
  assert.equal(stopped, 'stopped: web_1 (terminated by SIGTERM)')
  assert.equal(daemon.log().match(/spawned: 'web_0'/g)?.length, 1)
})

test('update of one group takes its new processes alone; rolling-restart stops at the first that does not come up', async (t) => {
  const daemon = start(t, { programs: programs(2) })
  await daemon.said(/spawned: 'web_1'/)
  const ctl = ours(daemon)
  daemon.rewrite(`${programs(3)}[program:other]\ncommand=sleep 1000`)
  assert.equal(ctl('update', 'web').output, 'web:web_2: added process group\n')
  const { output, code } = ctl('rolling-restart', 'web:*')
  assert.deepEqual([output, code], ['web:web_0: restarted\nweb:web_1: restarted\nweb:web_2: restarted\n', 0])
  const order = await waitFor('six starts', () => {
    const names = [...daemon.log().matchAll(/(?:stopped: |spawned: ')(web_\d)/g)].map(([all, name]) => {
      return `${all.startsWith('stopped') ? '-' : '+'}${name ?? ''}`
    })
    return names.length === 9 && names
  })
  assert.deepEqual(order.slice(3), ['-web_0', '+web_0', '-web_1', '+web_1', '-web_2', '+web_2'])

  daemon.rewrite(programs(3).replace('startsecs=0', 'startsecs=0\nhealthcheck_command=false\nhealthcheck_retries=1'))
  ctl('update', 'web')
  const failed = ctl('rolling-restart', 'web:*')
  assert.deepEqual(
    [failed.output, failed.code],
    ['web:web_0: ERROR (abnormal termination)\nweb:web_1: not restarted\nweb:web_2: not restarted\n', 7],
  )
})
