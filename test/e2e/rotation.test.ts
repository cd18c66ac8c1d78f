// Certificates and tokens that are replaced under a running agent: no restart, and no record lost.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { aclToken, deleteTokens } from '../fixtures/e2e-acl.ts'
import { streams, tagger, Workspace } from '../fixtures/e2e-consul.ts'
import { noLag } from '../fixtures/e2e-stream.ts'
import { startOwnConsul } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { NumberedFeed } from '../support/numbered-feed.ts'
import { ownKafka, type OwnKafka } from '../support/own-kafka.ts'
import { freePort } from '../support/ports.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/** A wire in front of the TLS listener that knows who is connected, and can cut. */
interface Gate {
  /** Serial numbers of the certificates that clients showed, a connection each. */
  readonly shown: string[]
  cut(): void
}

async function openGate(t: TestContext, port: number, own: OwnKafka): Promise<Gate> {
  const file = (name: Parameters<OwnKafka['tlsFile']>[0]): Buffer => readFileSync(own.tlsFile(name))
  const open = new Set<TLSSocket>()
  const shown: string[] = []
  const options = { cert: file('server.pem'), key: file('server.key'), ca: file('ca.pem') }
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (near) => {
    shown.push(near.getPeerCertificate().serialNumber)
    const far = connect({ port: Number(own.ssl.split(':')[1]), host: '127.0.0.1', ca: options.ca })
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  t.after(() => {
    cut()
    server.close()
  })
  return { shown, cut }
}

/** A client certificate of the broker's authority, with a key of its own; gives its serial number. */
function issue(own: OwnKafka, folder: string, name: string): string {
  const openssl = (...words: string[]): Buffer => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })
  openssl(
    ...'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' '),
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  )
  const signing = ['-CA', own.tlsFile('ca.pem'), '-CAkey', own.tlsFile('ca.key'), '-CAcreateserial', '-days', '30']
  openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`)
  return openssl('x509', '-noout', '-serial', '-in', `${name}.pem`).toString().trim().replace('serial=', '')
}

test('certificates and the Consul token are replaced under load', { timeout: 300_000 }, async (t) => {
  const gatePort = await freePort()
  const advertised = (port: number): string =>
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${port + 2},SSL://127.0.0.1:${gatePort},SASL_SSL://127.0.0.1:${port + 4}`
  const own = await ownKafka(t, { secured: true, settings: (port) => [advertised(port)] })
  const management = randomUUID()
  const [consul] = await Promise.all([startOwnConsul(t, { acl: management }), own.start()])
  const gate = await openGate(t, gatePort, own)
  const kafka = new TestKafka(t, own.broker)
  const [input, output] = [await kafka.createTopic(2), await kafka.createTopic(1)]
  const space = new Workspace(t, kafka, consul)
  const rules = `service "${space.service}" { policy = "write" } key "${space.key}" { policy = "read" }`
  const folder = tempDir(t)
  const serials = { old: issue(own, folder, 'old'), new: issue(own, folder, 'new') }
  const [cert, key, token] = [join(folder, 'tls.crt'), join(folder, 'tls.key'), join(folder, 'token')] as const
  /** As whole files, as Kubernetes does. */
  const put = (target: string, source: string): void => {
    copyFileSync(join(folder, source), `${target}.next`)
    renameSync(`${target}.next`, target)
  }
  put(cert, 'old.pem')
  put(key, 'old.key')
  writeFileSync(token, await aclToken(consul, management, 'first', rules))
  await space.publish(streams([input], output, tagger('v1')))
  const group = kafka.groupId()
  const agent = await space.start({
    KAFKA_DSN: `127.0.0.1:${gatePort}`,
    KAFKA_CONSUMER_GROUP: group,
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: own.tlsFile('ca.pem'),
    KAFKA_TLS_CERT_FILE: cert,
    KAFKA_TLS_KEY_FILE: key,
    CONSUL_HTTP_TOKEN_FILE: token,
    CHECKPOINT_INTERVAL: '1s',
  })
  const feed = new NumberedFeed(t, kafka, input, { partitions: [0, 1], pace: 500 })
  const flows = async (): Promise<void> => {
    await kafka.waitForRecords(output, feed.total + 200)
  }
  const events = (name: string): number => agent.log.filter(({ event }) => event === name).length
  await flows()
  assert.deepEqual(new Set(gate.shown), new Set([serials.old]))

  await t.test('a certificate without its key: told by name, and the old pair goes on', async () => {
    put(cert, 'new.pem')
    const { problem } = await agent.waitForEvent('credentials.refused')
    assert.match(String(problem), /KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE should be a certificate and its own key/)
    const before = gate.shown.length
    gate.cut()
    await waitFor('new connections', () => gate.shown.length > before)
    await flows()
    assert.deepEqual(new Set(gate.shown), new Set([serials.old]))
    assert.equal(events('credentials.refused'), 1)
  })

  await t.test('with its key: the next connections use both', async () => {
    put(key, 'new.key')
    await agent.waitForEvent('credentials.renewed')
    const before = gate.shown.length
    gate.cut()
    await waitFor('new connections', () => gate.shown.length > before)
    await flows()
    assert.deepEqual(new Set(gate.shown.slice(before)), new Set([serials.new]))
  })

  await t.test('a new token: registered and followed with it, when the old one is gone', async () => {
    const second = await aclToken(consul, management, 'second', rules)
    writeFileSync(token, second)
    await waitFor('the new token', () => events('credentials.renewed') === 2)
    await deleteTokens(consul, management, 'first')
    const version = await space.publish(streams([input], output, tagger('v2')))
    await space.inForce(agent, version)
    await space.waitForCheck('agent', 'passing')
    await flows()
    assert.ok(!agent.stderr.includes(second))
  })

  await feed.stop()
  await noLag(kafka, group, input)
  assert.equal(await agent.stop(), 0)
  await space.deregistered()
  assert.equal(events('agent.started'), 1)
  const found = new Set((await kafka.readTopic(output)).map(({ value }) => String(value).replace(/^v\d /, '')))
  const missing = [...feed.sent].flatMap(([partition, count]) =>
    Array.from({ length: count }, (_, number) => `${input} ${partition} ${number}`).filter((line) => !found.has(line)),
  )
  assert.deepEqual(missing, [])
})
