// The Calculator's environment is the container's, without what is only the agent's to know.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'

const NOWHERE = '127.0.0.1:1'
const secret = 'hunter-secret'

/** The container's own. That the binary itself ignores NODE_OPTIONS is shown in pid1.test.ts. */
const container = {
  NODE_OPTIONS: '--no-deprecation',
  PYTHONPATH: '/opt/app:/opt/lib',
  PLATFORM_VERSION: '7.1',
  MODEL_DIR: '/var/model with blanks',
  UNICODE: 'grüße = 🦀',
  MULTILINE: 'one\ntwo',
  EMPTY: '',
  MY_KAFKA_PASSWORD: 'the Calculator writes to Kafka by itself',
}

const agents = { NODE_ID: 'e2e', INPUT_TOPICS: 'in', OUTPUT_TOPIC: 'out', KAFKA_CONSUMER_GROUP: 'a-group' }
const login = { KAFKA_SASL_USERNAME: 'me' }

/** The environment that the kernel gave the Calculator; broker and Consul need not exist for that. */
async function seenBy(
  t: TestContext,
  env: Readonly<Record<string, string>>,
): Promise<{ agent: TestAgent; seen: Record<string, string> }> {
  const agent = await startAgent(t, { args: ['--bin', 'cat'], env: { ...agents, ...env } })
  const environ = readFileSync(`/proc/${await agent.calculator()}/environ`, 'utf8')
    .split('\0')
    .filter(Boolean)
  assert.equal(await agent.stop(), 0)
  const pair = (line: string): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]
  return { agent, seen: Object.fromEntries(environ.map(pair)) }
}

/** What the test's way to start an agent adds, and what the agent does. */
const marker = process.env['PIDPIPER_TEST_RUN']
const ours = { BDZ_INSTANCE: hostname(), BDZ_LANE: '0', BDZ_ATTEMPT: '1', BDZ_CONTROL_FD: '3' }
const started = { ...(marker !== undefined && { PIDPIPER_TEST_RUN: marker }), CONTROL_SOCKET: 'off' }
const added = { ...started, PATH: process.env['PATH'] ?? '', ...ours }

test('the Calculator sees the variables of the container as they are', { timeout: 180_000 }, async (t) => {
  const env = { ...container, KAFKA_DSN: NOWHERE, CONSUL_DSN: NOWHERE, CONSUL_WAIT: '100ms' }
  const { agent, seen } = await seenBy(t, env)
  const expected = { ...added, ...agents, ...env, HTTP_LISTEN: `127.0.0.1:${agent.port}`, PYTHONUNBUFFERED: '1' }
  assert.deepEqual(seen, expected)
})

test('PYTHONUNBUFFERED is the container’s to choose', { timeout: 180_000 }, async (t) => {
  assert.equal((await seenBy(t, { KAFKA_DSN: NOWHERE, PYTHONUNBUFFERED: '' })).seen['PYTHONUNBUFFERED'], '')
})

const control = ['CONTROL_TOKEN', 'CONTROL_PASSWORD']
const user = { CONTROL_USER: 'me' }
const each = (names: readonly string[], value: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, value]))

const withheld: readonly (readonly [what: string, (folder: string) => Readonly<Record<string, string>>])[] = [
  [
    'as a value or within an address',
    () => ({
      KAFKA_DSN: `kafka://me:${secret}@${NOWHERE}`,
      ...each(['KAFKA_SASL_PASSWORD', 'CONSUL_HTTP_TOKEN', ...control], secret),
      CONTROL_READ_TOKEN: `${secret}-to-read`,
    }),
  ],
  ['as a bearer token', () => ({ KAFKA_SASL_TOKEN: secret })],
  [
    'as the name of a file',
    (folder) => {
      const path = (end: string): string => join(folder, `${secret}${end}`)
      const [file, dsn, reader] = [path(''), path('-dsn'), path('-reader')]
      writeFileSync(file, `${secret}\n`)
      writeFileSync(reader, `${secret}-to-read\n`)
      writeFileSync(dsn, `kafka://me:${secret}@${NOWHERE}\n`)
      const names = ['KAFKA_SASL_PASSWORD', 'CONSUL_HTTP_TOKEN', ...control].map((name) => `${name}_FILE`)
      return {
        KAFKA_DSN_FILE: dsn,
        CONTROL_READ_TOKEN_FILE: reader,
        ...each([...names, 'KAFKA_TLS_KEY_FILE', 'CONSUL_CLIENT_KEY'], file),
      }
    },
  ],
]

for (const [what, secretsIn] of withheld) {
  test(`no secret of ours reaches the Calculator or the log, ${what}`, { timeout: 180_000 }, async (t) => {
    const secrets = secretsIn(tempDir(t))
    const bearer =
      'KAFKA_SASL_TOKEN' in secrets
        ? { KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_DSN: NOWHERE }
        : { ...login, ...user }
    const open = { ...container, ...bearer, CONSUL_DSN: NOWHERE, CONSUL_WAIT: '100ms', LOG_LEVEL: 'trace' }
    const { agent, seen } = await seenBy(t, { ...open, ...secrets })
    for (const name of Object.keys(secrets)) assert.equal(seen[name], undefined, name)
    for (const [name, value] of Object.entries(open)) assert.equal(seen[name], value)
    for (const text of [JSON.stringify(seen), agent.stderr, agent.stdout]) assert.doesNotMatch(text, /hunter/)
  })
}

test('CHILD_ENV narrows what the Calculator sees', { timeout: 180_000 }, async (t) => {
  const env = { ...container, KAFKA_DSN: NOWHERE }
  const least = { PATH: added.PATH, PYTHONUNBUFFERED: '1', ...ours }
  assert.deepEqual((await seenBy(t, { ...env, CHILD_ENV: 'none' })).seen, least)
  const { PYTHONPATH, MODEL_DIR } = container
  const chosen = await seenBy(t, {
    ...env,
    ...login,
    KAFKA_SASL_PASSWORD: secret,
    CHILD_ENV: 'PYTHONPATH, MODEL_DIR,KAFKA_SASL_PASSWORD,NONE',
  })
  assert.deepEqual(chosen.seen, { ...least, PYTHONPATH, MODEL_DIR })
})
