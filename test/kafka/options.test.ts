import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLevel, type LogEntry } from 'kafkajs'
import { explain } from '../../src/kafka/errors.ts'
import { kafkaJsLog } from '../../src/kafka/log.ts'
import { security } from '../../src/kafka/options.ts'
import { clock, Lines } from './rig.ts'

test('TLS and SASL options reach kafkajs', () => {
  assert.deepEqual(
    security(() => ({ tls: false, sasl: null })),
    { ssl: null, sasl: null },
  )

  const tls = { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'kafka.internal' }
  const sasl = { mechanism: 'scram-sha-256', username: 'u', password: 'p' } as const
  const secure = security(() => ({ tls, sasl }))
  assert.deepEqual(secure.ssl, { ca: ['CA'], cert: 'CERT', key: 'KEY', servername: 'kafka.internal' })
  assert.deepEqual(secure.sasl, sasl)
  assert.deepEqual(security(() => ({ tls: {}, sasl: null })).ssl, {})
})

test('a connection that logs in again does so with what is right by then', async () => {
  let password = 'old'
  const login = security(() => ({ tls: false, sasl: { mechanism: 'plain', username: 'u', password } })).sasl
  assert.ok(login && 'password' in login)
  assert.equal(login.password, 'old')
  password = 'new'
  assert.equal(login.password, 'new')

  let token = 't'
  const bearer = security(() => ({ tls: false, sasl: { mechanism: 'oauthbearer', token } })).sasl
  assert.ok(bearer && 'oauthBearerProvider' in bearer)
  assert.deepEqual(await bearer.oauthBearerProvider(), { value: 't' })
  token = 'u'
  assert.deepEqual(await bearer.oauthBearerProvider(), { value: 'u' })
})

const entry = (level: logLevel, message: string, more: object = {}): LogEntry => ({
  namespace: 'Part',
  level,
  label: '',
  log: { timestamp: '', message, ...more },
})

test("kafkajs's lines: retried failures are warnings, told once in 30 s; foreign fields are left out", () => {
  const lines = new Lines()
  let now = 0
  const write = kafkaJsLog(lines.log, { ...clock, now: () => now })(logLevel.INFO)
  const levels = (): string[] => lines.all.splice(0).map(({ level }) => level)
  write(entry(logLevel.INFO, 'Starting'))
  write(entry(logLevel.ERROR, 'Connection error: connect ECONNREFUSED'))
  write(entry(logLevel.ERROR, 'Failed to connect to seed broker'))
  write(entry(logLevel.ERROR, 'Response Fetch(key: 1, version: 11)'))
  write(entry(logLevel.ERROR, 'Something new', { broker: 'b:1', sasl: { password: 'x' }, error: new Error('secret') }))
  write(entry(logLevel.ERROR, 'Something new'))
  assert.deepEqual(lines.all[4]?.fields, { event: 'kafka.client', part: 'Part', broker: 'b:1' })
  assert.deepEqual(levels(), ['debug', 'warn', 'debug', 'debug', 'error', 'debug'])
  now += 30_000
  write(entry(logLevel.ERROR, 'Failed to connect to seed broker'))
  write(entry(logLevel.ERROR, 'Something new'))
  assert.deepEqual(levels(), ['warn', 'error'])
})

test('an explanation is the innermost text, with the cure', () => {
  const inner = Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' })
  const outer = Object.assign(new Error('outer'), { cause: Object.assign(new Error('middle'), { cause: inner }) })
  assert.equal(explain(outer), 'Not authorized (TOPIC_AUTHORIZATION_FAILED): grant the topic to this user')
  assert.equal(explain('text'), 'text')
})
