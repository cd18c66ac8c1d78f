import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { check } from '../../src/cli/check.ts'
import { maskDsn } from '../../src/config/addresses.ts'
import { childEnvironment } from '../../src/config/child-environment.ts'
import { loadConfig } from '../../src/config/config.ts'
import { explain } from '../../src/config/explain.ts'
import { fakeMachine, least } from './fake-machine.ts'

// Long enough that it stands nowhere by chance, with the characters that break a parser.
const secret = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom('x', ':', '/', '%', '\n', '"', '\\', '=', '@', ',', '#', '$', '&'),
      maxLength: 8,
    }),
    fc.uuid(),
  )
  .map(([odd, rare]) => ({ text: `${odd}zq${rare}zq${odd}`, core: `zq${rare}zq` }))

const places: readonly ((text: string) => Readonly<Record<string, string>>)[] = [
  (text) => ({ KAFKA_SASL_PASSWORD: text, KAFKA_SASL_USERNAME: 'me' }),
  (text) => ({ KAFKA_SASL_PASSWORD: text }),
  (text) => ({ KAFKA_SASL_TOKEN: text, KAFKA_SASL_MECHANISM: 'oauthbearer' }),
  (text) => ({ KAFKA_SASL_TOKEN: text }),
  (text) => ({ CONSUL_HTTP_TOKEN: text }),
  (text) => ({ CONSUL_HTTP_TOKEN: text, CONSUL_HTTP_TOKEN_FILE: '/none' }),
  (text) => ({ KAFKA_DSN: `kafka://me:${encodeURIComponent(text)}@k:1` }),
  (text) => ({ KAFKA_DSN: `kafka://me:${text}@k:1` }),
  (text) => ({ KAFKA_DSN: `me:${text}@k:port` }),
  (text) => ({ CONSUL_DSN: `http://me:${text}@c:1` }),
  (text) => ({ CONTROL_TOKEN: text, CONTROL_PASSWORD: text }),
  (text) => ({ KAFKA_PASSWORD: text, CONSUL_TOKEN: text, KAFKA_SASL_PASWORD: text }),
]

test('a secret never occurs in what is shown, right or wrong', () => {
  fc.assert(
    fc.property(
      secret,
      fc.constantFrom(...places),
      fc.boolean(),
      fc.boolean(),
      ({ text, core }, place, json, broken) => {
        const environment = { ...least, ...place(text), ...(broken && { KAFKA_WAIT: 'x' }) }
        const loaded = loadConfig({ environment, flags: {}, machine: fakeMachine() })
        const { stdout, stderr } = check({ rows: explain(loaded, {}), ...loaded }, { json, colors: true })
        assert.ok(!`${stdout}${stderr}`.includes(core))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a secret from a file never occurs in what is shown', () => {
  const environment = { ...least, KAFKA_DSN_FILE: '/dsn', KAFKA_DSN: '', CONSUL_HTTP_TOKEN_FILE: '/token' }
  const machine = fakeMachine({ '/dsn': 'kafka://me:hidden1@k:1\n', '/token': 'hidden2\n' })
  const loaded = loadConfig({ environment, flags: {}, machine })
  assert.equal(loaded.config?.consul?.token, 'hidden2')
  const { stdout } = check({ rows: explain(loaded, {}), ...loaded }, { json: false, colors: false })
  assert.doesNotMatch(stdout, /hidden/)
  assert.match(stdout, /KAFKA_DSN +kafka:\/\/\*\*\*@k:1 +file\n/)
})

test('a DSN without credentials is shown as it is', () => {
  for (const raw of [
    'k:9092',
    'a:1,b:2',
    'kafka+tls://a',
    'https://c:8501/',
    '[::1]:1',
    'SASL_SSL://a:1',
    'a:99999',
    'a:1; b:2',
  ])
    assert.equal(maskDsn(raw), raw)
  assert.equal(maskDsn('me:word@k'), '***@k')
  assert.equal(maskDsn('kafka://me:word'), 'kafka://me:***')
  assert.equal(maskDsn('kafka://me:1@word@k:1,j:2'), 'kafka://***@k:1,j:2')
})

test('the Calculator sees the container without our secrets', () => {
  const container = { PATH: '/bin', PYTHONPATH: '/opt/app', PLATFORM_VERSION: '7', NODE_OPTIONS: '--no-warnings', ANY: 'thing', EMPTY: '' } // prettier-ignore
  const secrets = {
    KAFKA_SASL_PASSWORD: 's',
    KAFKA_SASL_PASSWORD_FILE: '/s',
    KAFKA_SASL_TOKEN: 's',
    KAFKA_SASL_TOKEN_FILE: '/s',
    KAFKA_TLS_KEY_FILE: '/s',
    KAFKA_DSN: 'kafka://me:s@k:1',
    KAFKA_DSN_FILE: '/s',
    CONSUL_DSN_FILE: '/s',
    CONSUL_HTTP_TOKEN: 's',
    CONSUL_HTTP_TOKEN_FILE: '/s',
    CONSUL_CLIENT_KEY: '/s',
    CONTROL_TOKEN: 's',
    CONTROL_TOKEN_FILE: '/s',
    CONTROL_READ_TOKEN: 's',
    CONTROL_PASSWORD: 's',
    CONTROL_PASSWORD_FILE: '/s',
  }
  const rest = { CONSUL_DSN: 'c:8500', KAFKA_SASL_USERNAME: 'me', NODE_ID: 'n' }
  assert.deepEqual(childEnvironment({ ...container, ...secrets, ...rest, GONE: undefined }, null), {
    ...container,
    ...rest,
    PYTHONUNBUFFERED: '1',
  })
})

test('CHILD_ENV narrows the environment, PYTHONUNBUFFERED keeps what was set, a secret stays hidden', () => {
  const environment = { PATH: '/bin', A: '1', B: '2', KAFKA_SASL_TOKEN: 's', PYTHONUNBUFFERED: '' }
  assert.deepEqual(childEnvironment(environment, []), { PATH: '/bin', PYTHONUNBUFFERED: '1' })
  assert.deepEqual(childEnvironment(environment, ['A', 'KAFKA_SASL_TOKEN', 'NONE']), {
    PATH: '/bin',
    A: '1',
    PYTHONUNBUFFERED: '1',
  })
  assert.equal(childEnvironment(environment, null)['PYTHONUNBUFFERED'], '')
})
