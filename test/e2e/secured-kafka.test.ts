// TLS and logins are handed to the broker as the variables say, and what is wrong with them is told by name.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { ownKafka } from '../support/own-kafka.ts'
import { tempDir } from '../support/temp.ts'

const values = Array.from({ length: 500 }, (_, i) => `record ${i}`)

test('records flow over TLS, with and without a login', { timeout: 180_000 }, async (t: TestContext) => {
  const own = await ownKafka(t, { secured: true })
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
  await t.test('a wrong password is named, without itself, and nothing is fed', async (t) => {
    const { input, output, group } = await streamTopics(kafka)
    const agent = await startStream(t, kafka, {
      input,
      output,
      group,
      calculator: ['cat'],
      env: { ...login, KAFKA_DSN: own.saslSsl, KAFKA_TLS: 'true', KAFKA_SASL_PASSWORD: 'no-such-secret' },
    })
    const told = (error: string | null | undefined): boolean => /authenti|SASL|credentials/i.test(error ?? '')
    const status = await agent.waitForStatus('the refused login', ({ streams }) => told(streams[0]?.input.error))
    assert.equal(status.streams[0]?.counters.recordsIn, 0)
    assert.equal((await agent.get('/readyz')).status, 503)
    await agent.stop()
    assert.doesNotMatch(agent.stderr, /no-such-secret/)
  })
})
