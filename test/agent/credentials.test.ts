// Secrets in files that change under a running agent: taken when they are right, told once when they are not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Credentials } from '../../src/agent/credentials.ts'
import { readCredentials, type CredentialValues } from '../../src/config/credentials.ts'
import type { Machine } from '../../src/config/machine.ts'
import { EventRing } from '../../src/engine/event-ring.ts'
import { fakeMachine } from '../config/fake-machine.ts'
import { FakeClock } from '../support/fake-clock.ts'

const environment = {
  NODE_ID: 'ws',
  KAFKA_DSN: 'k:9092',
  KAFKA_SASL_USERNAME: 'alice',
  KAFKA_SASL_PASSWORD_FILE: '/run/password',
  CONSUL_DSN: 'c:8500',
  CONSUL_HTTP_TOKEN_FILE: '/run/token',
}

interface World {
  readonly clock: FakeClock
  readonly credentials: Credentials
  readonly files: Record<string, string>
  readonly hidden: string[]
  readonly consul: CredentialValues['consul'][]
  readonly told: () => string[]
}

function world(): World {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const files: Record<string, string> = { '/run/password': 'first-secret\n', '/run/token': 'first-token\n' }
  const machine: Machine = { ...fakeMachine(), read: (path) => fakeMachine(files).read(path) }
  const first = readCredentials(environment, machine)
  assert.ok(!('problems' in first))
  const [hidden, consul]: [string[], CredentialValues['consul'][]] = [[], []]
  const credentials = new Credentials({
    ...{ environment, machine, first, clock, events },
    hide: (secrets) => void hidden.push(...secrets),
    consulChanged: (values) => void consul.push(values),
  })
  const told = (): string[] =>
    events.since(0).map(({ event, fields }) => `${event} ${String(fields['problem'] ?? fields['changed'])}`)
  return { clock, credentials, files, hidden, consul, told }
}

test('a new password is in force within five seconds, or at the next connection', async () => {
  const { clock, credentials, files, hidden, consul, told } = world()
  credentials.start()
  const password = (): string | undefined => {
    const { sasl } = credentials.kafka()
    return sasl && 'password' in sasl ? sasl.password : undefined
  }
  assert.equal(password(), 'first-secret')
  await clock.advance(10_000)
  assert.deepEqual(told(), [], 'nothing changed, nothing is told')
  files['/run/password'] = 'other-secret\n'
  await clock.advance(500)
  assert.equal(password(), 'other-secret', 'a connection that is opened looks at the file')
  files['/run/password'] = 'third-secret\n'
  await clock.advance(5_000)
  assert.deepEqual(told(), ['credentials.renewed kafka', 'credentials.renewed kafka'])
  assert.deepEqual(consul, [])
  assert.ok(hidden.includes('third-secret'), 'the log is told what it must hide')
  credentials.stop()
  assert.equal(clock.pending, 0)
})

test('what cannot be used is told once, by name and without its value; the old one stays', async () => {
  const { clock, credentials, files, consul, told } = world()
  credentials.start()
  files['/run/token'] = ''
  await clock.advance(20_000)
  assert.deepEqual(told(), ['credentials.refused CONSUL_HTTP_TOKEN_FILE should name a file that is not empty'])
  delete files['/run/password']
  await clock.advance(10_000)
  assert.match(told()[1] ?? '', /KAFKA_SASL_PASSWORD_FILE should name a file that can be read \(ENOENT\)/)
  assert.deepEqual(credentials.kafka().sasl, { mechanism: 'plain', username: 'alice', password: 'first-secret' })
  files['/run/password'] = 'first-secret'
  files['/run/token'] = 'second-token'
  await clock.advance(5_000)
  assert.deepEqual(told().slice(2), ['credentials.renewed consul'])
  assert.deepEqual(
    consul.map((values) => values?.token),
    ['second-token'],
  )
  files['/run/token'] = ''
  await clock.advance(5_000)
  files['/run/token'] = 'second-token'
  await clock.advance(5_000)
  assert.deepEqual(told().slice(4), ['credentials.renewed '], 'that all is well again is told too')
  credentials.stop()
})
