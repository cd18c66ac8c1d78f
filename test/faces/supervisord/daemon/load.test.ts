// Much at once. PIDPIPER_MANY_PROGRAMS=2000 asks for more than a test run has time for.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { Stalls } from '../../../support/stalls.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { ask, asking } from './asked.ts'
import { start } from './started.ts'

const many = Number(process.env['PIDPIPER_MANY_PROGRAMS'] ?? 300)
const patience = { timeout: 30_000 + 150 * many, every: 200 }
const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test(`${many} programs start, stop, start again, and end`, async (t) => {
  const program = (at: number): string => `[program:p${at}]\ncommand=sleep 100000\nstartsecs=0\nstopwaitsecs=60\n`
  const programs = asking + Array.from({ length: many }, (_, at) => program(at)).join('')
  const began = performance.now()
  const daemon = start(t, { programs, settings: `nodaemon=true\nminfds=${200 + 6 * many}` })
  const { call, states } = await ask(t, daemon)
  const all = (state: string): Promise<unknown> =>
    waitFor(`all ${state}`, async () => (await states())[state] === many, patience)
  await all('RUNNING')
  const up = performance.now()
  t.diagnostic(`${many} RUNNING ${Math.round(up - began)} ms after the start`)
  const pid = daemon.child.pid ?? 0
  const first = residentMiB(pid)
  await call('stopAllProcesses')
  assert.deepEqual(await states(), { STOPPED: many })
  await call('startAllProcesses')
  assert.deepEqual(await states(), { RUNNING: many })
  t.diagnostic(`all stopped and started again in ${Math.round(performance.now() - up)} ms, ${Math.round(first)} MiB`)
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  assert.equal(children.length, many)
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
  for (const child of children) assert.throws(() => process.kill(Number(child), 0), { code: 'ESRCH' })
})

test('a child that floods its log leaves memory flat, and the daemon has time for others', async (t) => {
  const size = 400_000_000
  const programs = `${asking}[program:flood]
command=sh -c "yes ${'x'.repeat(99)} | head -c ${size}; echo; echo the end; exec sleep 1000"
stdout_logfile=FOLDER/flood.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=1
autostart=false
startsecs=0
`
  const daemon = start(t, { programs })
  const { call } = await ask(t, daemon)
  const pid = daemon.child.pid ?? 0
  const stalls = new Stalls(t, { pid })
  const before = residentMiB(pid)
  let [most, slowest] = [before, 0]
  await call('startProcess', 'flood')
  await waitFor(
    'the end of the flood',
    async () => {
      most = Math.max(most, residentMiB(pid))
      let end = ''
      const took = await stalls.timed(async () => {
        ;[end] = (await call('tailProcessStdoutLog', 'flood', 0, 20)) as [string]
      })
      slowest = Math.max(slowest, took)
      return end.endsWith('the end\n')
    },
    { timeout: 240_000, every: 20 },
  )
  t.diagnostic(
    `from ${Math.round(before)} to at most ${Math.round(most)} MiB; slowest answer ${Math.round(slowest)} ms`,
  )
  assert.ok(most - before < 64, `${before} MiB became ${most} MiB`)
  assert.ok(slowest < 2000, `an answer took ${slowest} ms`)
})
