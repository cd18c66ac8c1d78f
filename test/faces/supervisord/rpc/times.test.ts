import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { description } from '../../../../src/faces/supervisord/rpc/process-info.ts'
import { duration, longTime, shortTime } from '../../../../src/faces/supervisord/rpc/python-time.ts'

const seconds = [0, 59, 3_600, 86_399, 86_400, 93_784, 12 * 86_400 + 5, 1_000 * 86_400]
const instants = [0, 951_782_400, 1_795_315_316, 1_795_359_599, 2_147_483_647]
const script = `
import datetime, json, time
print(json.dumps([
  [str(datetime.timedelta(seconds=s)) for s in ${JSON.stringify(seconds)}],
  [datetime.datetime(*time.localtime(t)[:7]).strftime('%b %d %I:%M %p') for t in ${JSON.stringify(instants)}],
  [time.ctime(t) for t in ${JSON.stringify(instants)}],
]))`
const python = spawnSync('python3', ['-c', script], { encoding: 'utf8' })

test('times are printed as Python prints them', { skip: python.status !== 0 && 'no python3' }, () => {
  const at = instants.map((instant) => instant * 1000)
  assert.deepEqual(JSON.parse(python.stdout), [seconds.map(duration), at.map(shortTime), at.map(longTime)])
})

test('what status says of each state', () => {
  const names = { name: 'p', group: 'g', stdoutLogfile: '', stderrLogfile: '', exitstatus: 0 }
  const base = { ...names, startedAt: 1_000_000, stoppedAt: 5_000_000, now: 1_037_900, spawnerr: '', pid: 7 }
  assert.equal(description({ ...base, state: 'RUNNING' }), 'pid 7, uptime 0:00:37')
  assert.equal(description({ ...base, state: 'RUNNING', now: 0 }), 'pid 7, uptime 0:00:00')
  assert.equal(description({ ...base, state: 'FATAL', spawnerr: 'no luck' }), 'no luck')
  assert.equal(description({ ...base, state: 'BACKOFF' }), 'unknown error (try "tail p")')
  assert.equal(description({ ...base, state: 'STOPPED', startedAt: null }), 'Not started')
  assert.equal(description({ ...base, state: 'EXITED' }), shortTime(5_000_000))
  assert.equal(description({ ...base, state: 'STARTING' }), '')
})
