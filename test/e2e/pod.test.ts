// Two pods of a rollout: PID 1 of a namespace each, Kafka by TLS and SCRAM, a Consul that asks for a token.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { aclToken } from '../fixtures/e2e-acl.ts'
import { duration, streams, Workspace } from '../fixtures/e2e-consul.ts'
import { startPid1, zombies, type Container } from '../fixtures/e2e-pid1.ts'
import { noLag } from '../fixtures/e2e-stream.ts'
import { servicesNamed, startOwnConsul } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed } from '../support/numbered-feed.ts'
import { ownKafka } from '../support/own-kafka.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/** What Docker gives a container to end. */
const GRACE = 10_000
/** Leaves an orphan behind at each start, and copies. */
const calculator = { bin: 'sh', args: ['-c', '(sleep 0.1 &); exec cat'] }

test('a pod is replaced under load: nothing is lost, no zombie, exit 0 in time', { timeout: 150_000 }, async (t) => {
  const own = await ownKafka(t, { secured: true })
  const management = randomUUID()
  const [consul] = await Promise.all([startOwnConsul(t, { acl: management }), own.start()])
  const kafka = new TestKafka(t, own.broker)
  const space = new Workspace(t, kafka, consul)
  const [input, output] = [await kafka.createTopic(4), await kafka.createTopic(2)]
  const rules = `service "${space.service}" { policy = "write" } key "${space.key}" { policy = "read" }`
  const folder = tempDir(t)
  const [token, password] = [join(folder, 'token'), join(folder, 'password')]
  writeFileSync(token, await aclToken(consul, management, 'pod', rules))
  writeFileSync(password, 'alice-secret')
  await space.publish(streams([input], output, calculator))
  const group = kafka.groupId()
  const pod = (name: string): Promise<Container> =>
    startPid1(t, {
      env: {
        NODE_ID: space.nodeId,
        POD_NAME: name,
        KAFKA_DSN: `kafka+tls://${own.saslSsl}`,
        KAFKA_TLS_CA_FILE: own.tlsFile('ca.pem'),
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_USERNAME: 'alice',
        KAFKA_SASL_PASSWORD_FILE: password,
        KAFKA_CONSUMER_GROUP: group,
        CONSUL_DSN: new URL(consul.base).host,
        CONSUL_HTTP_TOKEN_FILE: token,
      },
    })
  /** As the kubelet does it; gives the ms that it took. */
  const end = async ({ agent, pid }: Container): Promise<number> =>
    duration(async () => {
      process.kill(pid, 'SIGTERM')
      assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr.slice(-2000))
    })
  const registered = async (): Promise<string[]> =>
    (await servicesNamed(consul, space.service)).map(({ Meta }) => Meta['instance'] ?? '')

  const first = await pod('pod-1')
  const feed = new NumberedFeed(t, kafka, input, { partitions: [0, 1, 2, 3], pace: 1_000 })
  await kafka.waitForRecords(output, 1_000)
  await waitFor('pod-1 in Consul', async () => (await registered()).includes('pod-1'))
  await waitFor('its orphan is gone', () => zombies(first).length === 0)

  const ending = end(first)
  const second = await pod('pod-2')
  assert.ok((await ending) < GRACE)
  await kafka.waitForRecords(output, feed.total + 1_000)
  assert.deepEqual(await registered(), ['pod-2'])
  await feed.stop()
  await noLag(kafka, group, input)
  await waitFor('no zombie', () => zombies(second).length === 0)
  assert.ok((await end(second)) < GRACE)
  assert.deepEqual(await registered(), [])

  const found = new Set((await kafka.readTopic(output)).map(({ value }) => String(value)))
  const missing = [...feed.sent].flatMap(([partition, count]) =>
    Array.from({ length: count }, (_, number) => `${input} ${partition} ${number}`).filter((line) => !found.has(line)),
  )
  assert.deepEqual(missing, [])
  for (const { agent } of [first, second]) assert.doesNotMatch(agent.stderr, /alice-secret/)
})
