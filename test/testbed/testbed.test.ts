import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { waitFor } from '../support/wait-for.ts'
import { consulAddress, kafkaAddress, needsConsul, needsKafka } from './address.ts'
import { killNow, processesWith } from './leftovers.ts'
import { needsOf, suites } from './suites.ts'
import { ownWarnings } from './warnings.ts'

test('a process that inherited the mark of the run is found, and gone after it was killed', async () => {
  const mark = `PIDPIPER_TEST_MARK=${randomUUID()}`
  const [name = '', value = ''] = mark.split('=')
  const child = spawn('sleep', ['60'], { env: { PATH: '/usr/bin:/bin', [name]: value }, stdio: 'ignore' })
  await waitFor('the child under its own name', () => processesWith(mark)[0]?.command === 'sleep 60')
  killNow(child.pid ?? 0)
  await once(child, 'exit')
  assert.deepEqual(processesWith(mark), [])
})

test('a warning belongs to the project unless the first frame outside Node is a package', () => {
  const stack = (file: string): string =>
    `noise\n(node:12) TimeoutNegativeWarning: -1 is negative\nTimeout duration was set to 1.\n    at new Timeout (node:internal/timers:190:17)\n    at setTimeout (node:timers:117:19)\n    at f (file://${file}:1:2)\nnext\n`
  assert.equal(ownWarnings(stack('/x/src/kafka/fetch.ts')).length, 1)
  assert.equal(ownWarnings(stack('/x/node_modules/kafkajs/src/retry.js')).length, 0)
  assert.equal(ownWarnings('(node:1) [DEP0005] DeprecationWarning: Buffer()\n').length, 1)
  assert.equal(ownWarnings('a line that speaks of (node:1) Warning\n').length, 0)
})

test('unit suites need nothing, folders say what the others need', () => {
  assert.deepEqual(
    suites(['unit']).map((suite) => suite.name),
    ['unit'],
  )
  assert.ok(suites(['unit']).every((suite) => suite.files.every((file) => needsOf(file).length === 0)))
  assert.deepEqual(needsOf('test/kafka/fetch.test.ts'), ['kafka'])
  assert.deepEqual(needsOf('test/e2e/main.test.ts'), ['kafka', 'consul', 'binary'])
})

test('the broker of the run listens', needsKafka, async (t) => {
  const socket = connect(Number(kafkaAddress().split(':')[1]), '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
})

test('the Consul agent of the run has a leader', needsConsul, async () => {
  assert.match(await (await fetch(`${consulAddress()}/v1/status/leader`)).text(), /^"127\.0\.0\.1:\d+"\n?$/)
})
