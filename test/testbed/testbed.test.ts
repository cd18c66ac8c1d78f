import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import process from 'node:process'
import { test } from 'node:test'
import { atFreePorts, freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { consulAddress, kafkaAddress, needsConsul, needsKafka } from './address.ts'
import { killNow, processesWith } from './leftovers.ts'
import { consulName, endConsul, endOrphanedConsuls, script } from './real-services.ts'
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

async function startAt(name: string, port: number): Promise<number> {
  await script('start-consul', ['--name', name, '--http-port', String(port)], 'ignore')
  return port
}

test('a Consul agent that finds its ports taken is begun at others', needsConsul, async (t) => {
  const name = consulName('taken')
  t.after(() => endConsul(name))
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  // TCP is looked at first; what only UDP has is found by Consul itself.
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const last = (await freePorts(3)) + 2
  socket.bind(last, '127.0.0.1')
  await once(socket, 'listening')
  const firsts = [(other.address() as AddressInfo).port, last - 2]
  const pick = (count: number): Promise<number> => Promise.resolve(firsts.shift() ?? freePorts(count))
  const port = await atFreePorts(3, (first) => startAt(name, first), pick)
  assert.deepEqual(firsts, [])
  assert.equal((await fetch(`http://127.0.0.1:${port}/v1/status/leader`)).status, 200)
})

test('a Consul agent of a run that was killed is ended by the next', needsConsul, async (t) => {
  const gone = spawnSync('true').pid
  const name = consulName('dead').replace(`-${process.pid}-`, `-${gone}-`)
  t.after(() => endConsul(name))
  const port = await atFreePorts(3, (first) => startAt(name, first))
  await endOrphanedConsuls()
  await assert.rejects(fetch(`http://127.0.0.1:${port}/v1/status/leader`))
  assert.equal((await fetch(`${consulAddress()}/v1/status/leader`)).status, 200)
})

test('the broker of the run listens', needsKafka, async (t) => {
  const socket = connect(Number(kafkaAddress().split(':')[1]), '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
})

test('the Consul agent of the run has a leader', needsConsul, async () => {
  assert.match(await (await fetch(`${consulAddress()}/v1/status/leader`)).text(), /^"127\.0\.0\.1:\d+"\n?$/)
})
