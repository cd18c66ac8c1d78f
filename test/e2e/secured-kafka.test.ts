// TLS and logins are handed to the broker as the variables say, and what is wrong with them is told by name.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed } from '../support/numbered-feed.ts'
import { ownKafka } from '../support/own-kafka.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const bearerModule = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required'
/** Tokens without a signature, and sessions that end soon, so that a connection must log in again while it works. */
const bearer = [
  'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  `listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config=${bearerModule} unsecuredLoginStringClaim_sub="broker";`,
  `listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=${bearerModule} unsecuredLoginStringClaim_sub="broker";`,
  'listener.name.sasl_plaintext.oauthbearer.connections.max.reauth.ms=11000',
]

/** `expires`: ms since the epoch. */
function unsignedToken(expires: number): string {
  const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000) - 1
  return `${part({ alg: 'none' })}.${part({ sub: 'alice', iat, exp: Math.floor(expires / 1000) })}.`
}

const values = Array.from({ length: 500 }, (_, i) => `record ${i}`)

test('records flow over TLS, with and without a login', { timeout: 300_000 }, async (t: TestContext) => {
  const own = await ownKafka(t, { secured: true, settings: () => bearer })
  await own.start()
  const kafka = new TestKafka(t, own.broker)
  const ca = own.tlsFile('ca.pem')
  const password = join(tempDir(t), 'password')
  writeFileSync(password, 'alice-secret\n')
  const login = { KAFKA_TLS_CA_FILE: ca, KAFKA_SASL_USERNAME: 'alice' }
  const ways: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    [
      'TLS with a client certificate',
      {
        KAFKA_DSN: own.ssl,
        KAFKA_TLS: 'true',
        KAFKA_TLS_CA_FILE: ca,
        KAFKA_TLS_CERT_FILE: own.tlsFile('client.pem'),
        KAFKA_TLS_KEY_FILE: own.tlsFile('client.key'),
      },
    ],
    ['PLAIN in the address', { KAFKA_DSN: `kafka+tls://alice:alice-secret@${own.saslSsl}`, KAFKA_TLS_CA_FILE: ca }],
    [
      'SCRAM-SHA-256, password in a file',
      {
        ...login,
        KAFKA_DSN: `kafka+tls://${own.saslSsl}`,
        KAFKA_SASL_MECHANISM: 'scram-sha-256',
        KAFKA_SASL_PASSWORD_FILE: password,
      },
    ],
    [
      'SCRAM-SHA-512',
      {
        ...login,
        KAFKA_DSN: own.saslSsl,
        KAFKA_TLS: 'on',
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_PASSWORD: 'alice-secret',
      },
    ],
  ]
  for (const [name, env] of ways) {
    await t.test(name, async (t) => {
      const { input, output, group } = await streamTopics(kafka)
      await kafka.produce(
        input,
        values.map((value) => ({ value })),
      )
      const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
      await noLag(kafka, group, input)
      const found = (await kafka.readTopic(output)).map(({ value }) => String(value))
      assert.deepEqual(found, values)
      assert.equal(await agent.stop(), 0)
      assert.doesNotMatch(agent.stderr, /alice-secret/)
    })
  }
  await t.test('OAUTHBEARER: a connection outlives its first token by the next one in the file', async (t) => {
    const { input, output, group } = await streamTopics(kafka)
    const token = join(tempDir(t), 'token')
    const expires = Date.now() + 20_000
    writeFileSync(token, unsignedToken(expires))
    const env = { KAFKA_DSN: own.sasl, KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_TOKEN_FILE: token }
    const feed = new NumberedFeed(t, kafka, input, { partitions: [0], pace: 200 })
    const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
    await agent.waitForStatus('records', ({ streams }) => (streams[0]?.counters.recordsOut ?? 0) > 0)
    const next = unsignedToken(Date.now() + 3_600_000)
    writeFileSync(token, next)
    await agent.waitForEvent('credentials.renewed')
    await waitFor('the end of the first token', () => Date.now() > expires + 2_000, { every: 100 })
    await kafka.waitForRecords(output, feed.total + 100)
    await feed.stop()
    await noLag(kafka, group, input)
    const troubles = agent.log.filter(({ level }) => level === 'warn' || level === 'error')
    assert.deepEqual(
      troubles.filter(({ event }) => event !== 'config.warning' && event !== 'kafka.rebalance'),
      [],
    )
    assert.equal(await agent.stop(), 0)
    assert.ok(!agent.stderr.includes(next))
  })
  await t.test(
    'a wrong password is named, without itself, and nothing is fed; a right one in its file is',
    async (t) => {
      const { input, output, group } = await streamTopics(kafka)
      const file = join(tempDir(t), 'password')
      writeFileSync(file, 'no-such-secret')
      await kafka.produce(input, [{ value: 'a record' }])
      const agent = await startStream(t, kafka, {
        input,
        output,
        group,
        calculator: ['cat'],
        env: { ...login, KAFKA_DSN: own.saslSsl, KAFKA_TLS: 'true', KAFKA_SASL_PASSWORD_FILE: file },
      })
      const told = (error: string | null | undefined): boolean => /authenti|SASL|credentials/i.test(error ?? '')
      const status = await agent.waitForStatus('the refused login', ({ streams }) => told(streams[0]?.input.error))
      assert.equal(status.streams[0]?.counters.recordsIn, 0)
      assert.equal((await agent.get('/readyz')).status, 503)
      writeFileSync(file, 'alice-secret')
      await noLag(kafka, group, input)
      await waitFor('readiness', async () => (await agent.get('/readyz')).status === 200)
      assert.equal(await agent.stop(), 0)
      assert.doesNotMatch(agent.stderr, /no-such-secret|alice-secret/)
    },
  )
})
