import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { BrokerError } from '../../src/kafka/broker-error.ts'
import { connectionError, createConnection, knownErrorCodes } from '../../src/kafka/kafkajs-internals.ts'
import { BufferPool } from '../../src/wire/buffer-pool.ts'
import { clock } from './rig.ts'

const connection = () =>
  createConnection({
    host: '127.0.0.1',
    port: 9,
    clientId: 'test',
    ssl: null,
    sasl: null,
    connectionTimeout: 1_000,
    logCreator: () => () => undefined,
    clock,
    pool: new BufferPool(0),
  })

test('kafkajs is the version whose insides are known', () => {
  const manifest = createRequire(import.meta.url)('kafkajs/package.json') as { version: string; exports?: unknown }
  assert.equal(manifest.version, '2.2.4')
  assert.equal(manifest.exports, undefined, 'its insides can no longer be imported')
})

test('its connection has the shape that kafkajs-src.d.ts says', () => {
  const made = connection()
  for (const name of [
    'connect',
    'processData',
    'isConnected',
    'isAuthenticated',
    'authenticate',
    'setVersions',
    'setSupportAuthenticationProtocol',
    'nextCorrelationId',
  ] as const) {
    assert.equal(typeof made[name], 'function', name)
  }
  const queue = made.requestQueue
  for (const name of [
    'push',
    'fulfillRequest',
    'maybeThrottle',
    'checkPendingRequests',
    'scheduleCheckPendingRequests',
    'rejectAll',
    'destroy',
  ] as const) {
    assert.equal(typeof queue[name], 'function', name)
  }
  assert.ok(queue.inflight instanceof Map)
  assert.ok(Array.isArray(queue.pending))
  assert.equal(queue.throttledUntil, -1)
  assert.equal(queue.throttleCheckTimeoutId, null)
  assert.equal(made.isConnected(), false)
  assert.equal(made.authHandlers, null)
  assert.equal(made.sessionLifetime.toNumber(), 0)
  assert.equal(made.reauthenticationThreshold, 10_000)
  assert.equal(made.nextCorrelationId() + 1, made.nextCorrelationId())
  const error = connectionError('gone', 'b:1') as Error & { broker?: string }
  assert.equal(error.name, 'KafkaJSConnectionError')
  assert.equal(error.broker, 'b:1')
})

test('nothing is scheduled while nothing is throttled, and a throttled request is sent when its time has come', (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  const { requestQueue } = connection()
  requestQueue.checkPendingRequests()
  assert.equal(requestQueue.throttleCheckTimeoutId, null)
  requestQueue.maybeThrottle(40)
  let sent = 0
  const entry = {
    apiKey: 0,
    apiName: 'Test',
    apiVersion: 0,
    correlationId: 1,
    resolve: () => undefined,
    reject: () => undefined,
  }
  requestQueue.push({ entry, expectResponse: true, requestTimeout: null, sendRequest: () => (sent += 1) })
  t.mock.timers.tick(39)
  assert.deepEqual([sent, requestQueue.pending.length], [0, 1])
  t.mock.timers.tick(1)
  assert.deepEqual([sent, requestQueue.pending.length], [1, 0])
  assert.equal(requestQueue.throttleCheckTimeoutId, null)
})

test('error codes have their names, also those that are newer than kafkajs', () => {
  const code = (type: string): number => knownErrorCodes.find((each) => each.type === type)?.code ?? -1
  assert.equal(code('OFFSET_OUT_OF_RANGE'), 1)
  assert.equal(new BrokerError(6).type, 'NOT_LEADER_FOR_PARTITION')
  assert.equal(new BrokerError(6).retriable, true)
  assert.equal(new BrokerError(10).retriable, false)
  assert.equal(new BrokerError(100).type, 'UNKNOWN_TOPIC_ID')
  assert.equal(new BrokerError(7_777).type, 'ERROR_7777')
})
