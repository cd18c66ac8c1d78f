// Health checks, hooks, limits: what the file says, and what it is told when it says nonsense.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadSupervisordConfig, type LoadedFile } from '../../../../src/faces/supervisord/config/load.ts'
import { nodeMachine } from '../../../../src/faces/supervisord/config/node-machine.ts'
import type { ProcessConfig } from '../../../../src/faces/supervisord/config/types.ts'
import { tempDir } from '../../../support/temp.ts'

function loaded(t: TestContext, keys: string): LoadedFile & { readonly processes: readonly ProcessConfig[] } {
  const folder = tempDir(t)
  const file = join(folder, 'supervisord.conf')
  writeFileSync(file, `[supervisord]\n[program:x]\ncommand=cat\n${keys}\n`)
  const result = loadSupervisordConfig({
    file,
    machine: nodeMachine({ environment: { PATH: '/bin' }, cwd: folder, uid: 0 }),
  })
  return { ...result, processes: result.config?.groups[0]?.processes ?? [] }
}

test('nothing is on unless it is written', (t) => {
  const [process] = loaded(t, '').processes
  assert.deepEqual(process?.upkeep, { health: null, hooks: { commands: {}, timeout: 30_000 }, memoryLimit: null })
  assert.deepEqual([process.spec.limits, process.spec.prepares, process.numprocsLive], [undefined, undefined, false])
  assert.deepEqual([process.stdout.compress, process.stderr.compress], [false, false])
})

test('every key is read, with the process’s own number in it', (t) => {
  const { processes, warnings } = loaded(
    t,
    `process_name=x_%(process_num)d
numprocs=2
healthcheck_http=http://127.0.0.1:800%(process_num)d/up
healthcheck_interval=0.5
healthcheck_timeout=2
healthcheck_retries=4
healthcheck_start_period=60
pre_start=/bin/prepare "a b" %(process_num)d
on_exit=/bin/mail
hook_timeout=1.5
memory_limit=1KB
rlimit_nofile=10:unlimited
rlimit_core=1KB`,
  )
  const health = { interval: 500, timeout: 2000, retries: 4, startPeriod: 60_000 }
  assert.deepEqual(processes[1]?.upkeep, {
    health: { probe: { kind: 'http', url: 'http://127.0.0.1:8001/up' }, ...health },
    hooks: { commands: { pre_start: ['/bin/prepare', 'a b', '1'], on_exit: ['/bin/mail'] }, timeout: 1500 },
    memoryLimit: 1024,
  })
  assert.equal(processes[1].spec.prepares, true)
  assert.deepEqual(processes[1].spec.limits, [
    { resource: 'core', soft: 1024, hard: 1024 },
    { resource: 'nofile', soft: 10, hard: null },
  ])
  assert.deepEqual(warnings, [])
})

const refused: readonly (readonly [string, RegExp])[] = [
  ['healthcheck_http=ftp://x', /invalid 'healthcheck_http' value 'ftp:\/\/x', expected a URL such as/],
  ['healthcheck_tcp=localhost', /invalid 'healthcheck_tcp' value 'localhost', expected host:port/],
  ['healthcheck_command=', /invalid 'healthcheck_command' value '', expected a command/],
  ['healthcheck_tcp=:80\nhealthcheck_retries=0', /invalid 'healthcheck_retries' value '0', expected a whole number/],
  ['healthcheck_tcp=:80\nhealthcheck_interval=0', /'healthcheck_interval' value '0', expected seconds above 0/],
  ['healthcheck_http=http://x\nhealthcheck_tcp=:80', /only one of healthcheck_command/],
  ['pre_start="half', /invalid 'pre_start' value '"half', expected a command/],
  ['hook_timeout=soon', /invalid 'hook_timeout' value 'soon', expected seconds above 0/],
  ['memory_limit=0', /invalid 'memory_limit' value '0', expected bytes above 0/],
  ['rlimit_nofile=many', /invalid 'rlimit_nofile' value 'many', expected a whole number, soft:hard, or unlimited/],
  ['rlimit_nofile=5:4', /invalid 'rlimit_nofile' value '5:4'/],
  ['rlimit_as=unlimited:1GB', /invalid 'rlimit_as' value 'unlimited:1GB', expected bytes, such as 64MB/],
  ['rlimit_stack=64KB', /invalid 'rlimit_stack' value '64KB'/],
  ['stdout_logfile_compress=maybe', /not a valid boolean value: 'maybe'/],
]

for (const [keys, message] of refused) {
  test(`refused, with key, section, file and line: ${keys.replace('\n', ' ')}`, (t) => {
    const { config, problems } = loaded(t, keys)
    assert.equal(config, null)
    const [problem] = problems
    assert.match(problem?.text ?? '', message)
    assert.match(problem?.text ?? '', / in section 'program:x' \(file: '.*supervisord\.conf'\)$/)
    assert.equal(problem?.place?.line, 3 + keys.split('\n').length)
  })
}

test('settings of a check that is not there, and a misspelt key, are warnings', (t) => {
  const texts = loaded(t, 'healthcheck_retries=4\nrlimit_nofiles=4').warnings.map(({ text }) => text)
  assert.deepEqual(texts, [
    '[program:x] healthcheck_retries has no effect without healthcheck_command, healthcheck_http or healthcheck_tcp',
    'unknown key rlimit_nofiles in [program:x], did you mean rlimit_nofile?',
  ])
})
