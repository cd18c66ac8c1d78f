// Keys of ours with real processes, in one daemon: each program shows one of them.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { waitFor } from '../../../support/wait-for.ts'
import { start } from './started.ts'

const node = process.execPath

const programs = `
[program:sick]
command=sh -c 'echo up > FOLDER/sick; exec sleep 1000'
startsecs=0
healthcheck_command=sh -c 'grep -q up FOLDER/sick || { echo it is ill; exit 4; }'
healthcheck_interval=0.05
healthcheck_retries=2
[program:late]
command=sleep 1000
startsecs=0
depends_on=sick
[program:fat]
command=sh -c '"${node}" -e "globalThis.x = Buffer.alloc(9e7, 1); setInterval(() => 0, 1e6)" & wait'
stopasgroup=true
memory_limit=80MB
[program:hooked]
command=sh -c 'cat FOLDER/prepared; ulimit -n; exit 5'
autorestart=false
startsecs=0
pre_start=sh -c 'echo $SUPERVISOR_HOOK of $SUPERVISOR_PROCESS_NAME > FOLDER/prepared'
on_exit=sh -c 'echo $SUPERVISOR_EXIT_STATUS > FOLDER/died'
rlimit_nofile=123
stdout_logfile=FOLDER/hooked.log
[program:slow]
command=sleep 1000
pre_start=sleep 1000
hook_timeout=0.1
startretries=0
[program:flood]
command=sh -c 'yes 0123456789 | head -c 1000000; exec sleep 1000'
stdout_logfile=FOLDER/flood.log
stdout_logfile_maxbytes=100KB
stdout_logfile_compress=true
`

test('health, memory, hooks, limits and compression with real processes', async (t) => {
  const daemon = start(t, { programs })
  await daemon.said(/INFO late waits for sick\n[^]*INFO healthy: sick\n[^]*spawned: 'late'/)
  await daemon.said(
    /pre_start of 'hooked' done\n[^]*spawned: 'hooked'[^]*exited: hooked \(exit status 5; not expected\)/,
  )
  await daemon.said(/on_exit of 'hooked' done/)
  assert.equal(daemon.file('hooked.log'), 'pre_start of hooked\n123\n')
  assert.equal(daemon.file('died'), '5\n')
  await daemon.said(/pre_start of 'slow' failed: not done within 0.1 s, killed\n[^]*gave up: slow entered FATAL state/)

  writeFileSync(join(daemon.folder, 'sick'), 'down')
  const reason = 'exit status 4: it is ill'
  await daemon.said(new RegExp(`unhealthy: sick \\(${reason}\\)\n.*restarting: sick \\(unhealthy, ${reason}\\)`))
  await daemon.said(/INFO healthy: sick/, 2)

  // It is not there any more when the next rotation comes in between.
  const backup = await waitFor('a compressed backup', () =>
    gunzipSync(readFileSync(join(daemon.folder, 'flood.log.2.gz'))).toString(),
  )
  assert.match(backup, /^(\d*\n){1000}/)

  await daemon.said(/restarting: fat \(memory of \d+\.\dMB is over memory_limit 80\.0MB\)\n[^]*spawned: 'fat'/)
  daemon.child.kill('SIGTERM')
  assert.equal(await daemon.exit, 0)
})
