import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitForBroker } from '../../src/kafka/connect.ts'
import { createCluster } from '../../src/kafka/options.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { brokerAddress } from '../support/kafka.ts'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { clock, clusterFor, Lines, optionsFor } from './rig.ts'

test('a broker that is there is found at once', async () => {
  const lines = new Lines()
  const brokers = [brokerAddress()]
  await waitForBroker({ cluster: clusterFor(lines), brokers, clock, waitMs: 5_000, onProblem: lines.log })
  assert.deepEqual(lines.of('kafka.unreachable'), [])
})

test('a broker that stays away ends the wait with UNAVAILABLE, after one clear report', async () => {
  const lines = new Lines()
  const brokers = [`127.0.0.1:${await freePort()}`]
  const ours = new FakeClock()
  let isOver = false
  const rejected = assert.rejects(
    waitForBroker({ cluster: clusterFor(lines, brokers), brokers, clock: ours, waitMs: 1_500, onProblem: lines.log }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'UNAVAILABLE')
      assert.match(error.message, new RegExp(`cannot reach Kafka at ${brokers.join()}: .*ECONNREFUSED.*KAFKA_WAIT`))
      return true
    },
  )
  const ended = rejected.then(() => (isOver = true))
  await waitFor('a report', () => lines.of('kafka.unreachable').length === 1)
  await ours.advance(1_499)
  assert.equal(isOver, false)
  await ours.advance(1)
  await ended
  assert.equal(lines.of('kafka.unreachable').length, 1)
  assert.deepEqual(
    lines.all.filter(({ level }) => level === 'error'),
    [],
    'kafkajs tells what is told already',
  )
})

test('an abort ends a wait without limit', async () => {
  const lines = new Lines()
  const brokers = [`127.0.0.1:${await freePort()}`]
  const stop = new AbortController()
  const { signal } = stop
  const wait = waitForBroker({
    cluster: clusterFor(lines, brokers),
    brokers,
    clock,
    waitMs: null,
    onProblem: lines.log,
    signal,
  })
  const ended = assert.rejects(wait, { code: 'SHUTDOWN_STATE' })
  await waitFor('a report', () => lines.of('kafka.unreachable').length === 1)
  stop.abort()
  await ended
})

test('no line of the log holds a secret', async () => {
  const lines = new Lines()
  const brokers = [brokerAddress()]
  const sasl = { mechanism: 'plain', username: 'alice', password: 'open-sesame' } as const
  const cluster = createCluster(optionsFor(brokers, { sasl }), lines.log, clock)
  const ours = new FakeClock()
  const wait = waitForBroker({ cluster, brokers, clock: ours, waitMs: 800, onProblem: lines.log })
  const ended = assert.rejects(wait, { code: 'UNAVAILABLE' })
  await waitFor('a refused login', () => lines.of('kafka.unreachable').length > 0)
  await ours.advance(800)
  await ended
  assert.equal(JSON.stringify(lines.all).includes('open-sesame'), false)
})
