// `pidpiper doctor` before brokers and a Consul that ask for everything: a sound setting, then faults that are staged,
// each of which must be found where it is, and its cure named.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import kafkaJs from 'kafkajs'
import type { Finding } from '../../src/domain/finding.ts'
import { startAgent } from '../support/agent.ts'
import { putKey, startOwnConsul, unique } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { ownKafka } from '../support/own-kafka.ts'
import { tempDir } from '../support/temp.ts'
import { aclToken } from '../fixtures/e2e-acl.ts'

const management = randomUUID()
const authorizer = (): readonly string[] => [
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS',
]

type Env = Readonly<Record<string, string>>

interface Examined {
  readonly code: number | null
  readonly findings: readonly Finding[]
  readonly text: string
}

async function examine(t: TestContext, env: Env, args: readonly string[] = ['--bin', 'cat']): Promise<Examined> {
  const run = await startAgent(t, { args: ['doctor', '--json', ...args], env })
  const { code } = await run.exit()
  assert.equal(run.stderr.includes('a bug'), false, run.stderr)
  const { findings } = JSON.parse(run.stdout) as { findings: Finding[] }
  return { code, findings, text: run.stdout }
}

/** The one finding of a check whose subject fits is a problem (or a warning), seen and cured like this. */
function found({ findings }: Examined, check: string, subject: RegExp, cure: RegExp, verdict = 'problem'): void {
  const list = findings.filter((finding) => finding.check === check && subject.test(finding.subject))
  assert.equal(list.length, 1, `${check} ${String(subject)} in ${JSON.stringify(findings, null, 1)}`)
  assert.deepEqual(
    list.map((finding) => finding.verdict),
    [verdict],
    JSON.stringify(list),
  )
  assert.match(list.map((finding) => finding.cure).join(), cure)
}

const problemsOf = ({ findings }: Examined): Finding[] => findings.filter(({ verdict }) => verdict === 'problem')

test('pidpiper doctor', { timeout: 480_000 }, async (t: TestContext) => {
  const nodeId = unique('doctor')
  const own = await ownKafka(t, { secured: true, settings: authorizer })
  const [consul] = await Promise.all([startOwnConsul(t, { acl: management }), own.start()])
  const kafka = new TestKafka(t, own.broker)
  const [input, output] = [await kafka.createTopic(2), await kafka.createTopic(1)]
  const rules = await printedPolicy(t, nodeId)
  const sound: Env = {
    NODE_ID: nodeId,
    KAFKA_DSN: own.saslSsl,
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: own.tlsFile('ca.pem'),
    KAFKA_TLS_CERT_FILE: own.tlsFile('client.pem'),
    KAFKA_TLS_KEY_FILE: own.tlsFile('client.key'),
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'alice',
    KAFKA_SASL_PASSWORD: 'alice-secret',
    KAFKA_CONSUMER_GROUP: 'sound',
    INPUT_TOPICS: input,
    OUTPUT_TOPIC: output,
    CONSUL_DSN: new URL(consul.base).host,
    CONSUL_HTTP_TOKEN: await aclToken(consul, management, 'sound', rules),
    CONSUL_ADVERTISE: '10.1.2.3',
  }
  await allow('TOPIC', input, 'READ')
  await allow('TOPIC', output, 'WRITE')
  await allow('TOPIC', `${output}.dead-letter`, 'CREATE', 'WRITE')
  await allow('GROUP', 'sound', 'READ')

  async function allow(
    resource: 'TOPIC' | 'GROUP',
    resourceName: string,
    ...operations: readonly ('READ' | 'WRITE' | 'CREATE')[]
  ): Promise<void> {
    const acl = operations.map((operation) => ({
      resourceType: kafkaJs.AclResourceTypes[resource],
      resourceName,
      resourcePatternType: kafkaJs.ResourcePatternTypes.LITERAL,
      principal: 'User:alice',
      host: '*',
      operation: kafkaJs.AclOperationTypes[operation],
      permissionType: kafkaJs.AclPermissionTypes.ALLOW,
    }))
    await (await kafka.admin()).createAcls({ acl })
  }

  await t.test('finds nothing wrong where nothing is, and shows no secret', async (t) => {
    const seen = await examine(t, sound)
    assert.deepEqual(problemsOf(seen), [])
    assert.equal(seen.code, 0)
    const looked = new Set(seen.findings.map(({ check }) => check))
    for (const check of ['kafka.broker', 'kafka.certificate', 'kafka.client-certificate', 'kafka.versions'])
      assert.ok(looked.has(check as Finding['check']), `${check} in ${[...looked].join(' ')}`)
    for (const check of ['kafka.topic', 'kafka.dead-letters', 'kafka.group', 'kafka.producer', 'calculator.start'])
      assert.ok(looked.has(check as Finding['check']), `${check} in ${[...looked].join(' ')}`)
    for (const check of ['consul.reachable', 'consul.clock', 'consul.token', 'consul.rights', 'consul.document'])
      assert.ok(looked.has(check as Finding['check']), `${check} in ${[...looked].join(' ')}`)
    assert.equal(
      (await (await kafka.admin()).listTopics()).includes(`${output}.dead-letter`),
      false,
      'nothing was made',
    )
    for (const secret of ['alice-secret', sound['CONSUL_HTTP_TOKEN'] ?? '?']) assert.ok(!seen.text.includes(secret))
  })

  await t.test('topics and group: missing, not permitted; a dead-letter topic that cannot be made', async (t) => {
    const closed = await kafka.createTopic(1)
    const seen = await examine(t, {
      ...sound,
      INPUT_TOPICS: `${input},${closed}`,
      OUTPUT_TOPIC: 'no-such-topic',
      KAFKA_CONSUMER_GROUP: 'closed',
    })
    assert.equal(seen.code, 1)
    found(seen, 'kafka.topic', new RegExp(`input topic ${closed}`), /grant DESCRIBE and READ on topic .* to this login/)
    found(seen, 'kafka.topic', /output topic no-such-topic/, /grant DESCRIBE and WRITE on topic no-such-topic/)
    found(
      seen,
      'kafka.topic',
      /dead-letter topic no-such-topic/,
      /grant DESCRIBE and WRITE on topic no-such-topic.dead-letter/,
    )
    found(seen, 'kafka.group', /closed/, /grant READ and DESCRIBE on consumer group closed to this login/)
    found(seen, 'kafka.topic', new RegExp(`input topic ${input}`), /^$/, 'ok')
  })

  await t.test('an input topic that is not there, and a dead-letter topic that this login may not make', async (t) => {
    await allow('TOPIC', 'missing', 'READ')
    await allow('TOPIC', 'letters', 'WRITE')
    const seen = await examine(t, { ...sound, INPUT_TOPICS: 'missing', DEAD_LETTER_TOPIC: 'letters' })
    found(seen, 'kafka.topic', /input topic missing/, /create it \(the agent never does\)/)
    found(seen, 'kafka.dead-letters', /letters/, /create it, or grant CREATE, DESCRIBE and WRITE on topic letters/)
  })

  await t.test(
    'a wrong password, an authority that is not trusted, a port without TLS, a broker that is away',
    async (t) => {
      const password = await examine(t, { ...sound, KAFKA_SASL_PASSWORD: 'not-her-secret' }, [
        '--no-calculator',
        '--bin',
        'cat',
      ])
      found(password, 'kafka.broker', /broker/, /check KAFKA_SASL_MECHANISM, the user name and the password/)
      assert.ok(!password.text.includes('not-her-secret'))
      assert.ok(!password.findings.some(({ check }) => check === 'calculator.start'))
      const { KAFKA_TLS_CA_FILE: _, ...withoutAuthority } = sound
      const untrusted = await examine(t, withoutAuthority, ['--no-calculator', '--bin', 'cat'])
      found(untrusted, 'kafka.broker', /broker/, /into KAFKA_TLS_CA_FILE/)
      const mixed = { ...sound, KAFKA_DSN: `${own.broker},127.0.0.1:1` }
      const ports = await examine(t, mixed, ['--no-calculator', '--bin', 'cat'])
      found(ports, 'kafka.broker', new RegExp(own.broker), /KAFKA_TLS=false/)
      found(ports, 'kafka.broker', /127\.0\.0\.1:1$/, /start the broker, or correct the port/)
    },
  )

  await t.test('members that share partitions in another way, and one that has our GROUP_INSTANCE_ID', async (t) => {
    const group = kafka.groupId()
    const member = { ...sound, KAFKA_CONSUMER_GROUP: group, GROUP_PROTOCOL: 'eager', GROUP_INSTANCE_ID: 'one' }
    await allow('GROUP', group, 'READ')
    const other = await startAgent(t, { args: ['--bin', 'cat'], env: { ...member, INSTANCE_ID: 'other' } })
    await other.waitForStatus('a member', ({ streams }) => (streams[0]?.input.assigned.length ?? 0) > 0)
    const clash = await examine(t, member, ['--no-calculator', '--bin', 'cat'])
    found(clash, 'kafka.static-member', /GROUP_INSTANCE_ID one/, /give every replica a GROUP_INSTANCE_ID of its own/)
    const cooperative = { ...member, GROUP_PROTOCOL: 'cooperative' }
    const mixed = await examine(t, cooperative, ['--no-calculator', '--bin', 'cat'])
    found(mixed, 'kafka.group', /consumer group/, /set GROUP_PROTOCOL=eager/)
    assert.equal(await other.stop(), 0)
  })

  await t.test('Consul: unknown tokens, rights that are missing, a document that is broken', async (t) => {
    const unknown = randomUUID()
    const stranger = await examine(t, { ...sound, CONSUL_HTTP_TOKEN: unknown }, ['--no-calculator', '--bin', 'cat'])
    found(stranger, 'consul.token', /CONSUL_HTTP_TOKEN/, /set CONSUL_HTTP_TOKEN to the secret of a token that exists/)
    assert.ok(!stranger.text.includes(unknown))
    const few = await aclToken(consul, management, 'few', `service_prefix "bdz-" { policy = "read" }`)
    const poor = await examine(t, { ...sound, CONSUL_HTTP_TOKEN: few }, ['--no-calculator', '--bin', 'cat'])
    found(poor, 'consul.rights', /service:write/, /pidpiper consul policy/)
    found(poor, 'consul.rights', /key:read/, /pidpiper consul policy/)
    found(poor, 'consul.document', /run document/, /key:read on "buldozer\/subordinate\/doctor/)
    const key = `buldozer/subordinate/${nodeId}`
    await putKey(consul, key, '{"inputs": {"topics": ["x"]}}')
    const broken = await examine(t, sound)
    found(broken, 'consul.document', /run document/, /consul kv put buldozer/)
    await putKey(consul, key, JSON.stringify({ input: { topics: ['missing'] } }))
    const document = await examine(t, sound)
    found(document, 'kafka.topic', /input topic missing/, /create it/)
    await putKey(consul, key, '{}')
  })

  await t.test('Consul: nobody there, and a clock an hour away', async (t) => {
    const away = await examine(t, { ...sound, CONSUL_DSN: '127.0.0.1:1' }, ['--no-calculator', '--bin', 'cat'])
    found(away, 'consul.reachable', /Consul at/, /start Consul, correct CONSUL_DSN/)
    const server = createServer((_, response) => {
      response.setHeader('Date', new Date(Date.now() - 3_600_000).toUTCString())
      response.setHeader('Content-Type', 'application/json')
      response.end('"127.0.0.1:8300"')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const late = await examine(t, { ...sound, CONSUL_DSN: `127.0.0.1:${port}` }, ['--no-calculator', '--bin', 'cat'])
    found(late, 'consul.clock', /clock/, /NTP/)
    found(late, 'consul.document', /run document at/, /let CONSUL_DSN name a Consul agent/)
  })

  await t.test(
    'the Calculator: a library or a module that is not there, not executable, deaf to the end of input',
    async (t) => {
      const folder = tempDir(t)
      // Whoever cannot start has so long for it.
      const local = { OUTPUT_FORMAT: 'raw', CALCULATOR_STARTSECS: '5s' }
      const streams = ['--in', '/dev/null', '--out', '/dev/null']
      const program = join(folder, 'program')
      copyFileSync('/bin/cat', program)
      chmodSync(program, 0o644)
      const plain = await examine(t, local, [...streams, '--bin', program])
      assert.equal(plain.code, 78)
      const wrong = plain.findings.filter(({ check }) => check === 'configuration.value')
      assert.equal(wrong.length, 1, JSON.stringify(plain.findings))
      assert.match(wrong.map(({ subject, seen }) => `${subject} ${seen}`).join(), /(bin|PROGRAM) .*chmod \+x/)
      const script = join(folder, 'script')
      writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o755 })
      const interpreter = await examine(t, local, [...streams, '--bin', script])
      found(interpreter, 'calculator.start', /script/, /#!\/usr\/bin\/env python3/)
      const module = await examine(t, local, [
        ...streams,
        '--bin',
        'python3',
        '--arg',
        '-c',
        '--arg',
        'import no_such_module',
      ])
      found(module, 'calculator.start', /python3/, /install the module no_such_module/)
      const library = 'echo "score: error while loading shared libraries: libgomp.so.1: cannot open" >&2; exit 127'
      const linked = await examine(t, local, [...streams, '--bin', 'sh', '--arg', '-c', '--arg', library])
      found(linked, 'calculator.start', /sh/, /install the package that has libgomp\.so\.1/)
      const deaf = ['--bin', 'sh', '--arg', '-c', '--arg', 'trap "" TERM; exec sleep 60']
      const late = await examine(t, { OUTPUT_FORMAT: 'raw', SHUTDOWN_GRACEPERIOD: '200ms' }, [...streams, ...deaf])
      found(late, 'calculator.stop', /sh/, /let it end when its stdin ends/, 'warning')
    },
  )

  await t.test('the container: a port that is taken, a folder that cannot be written', async (t) => {
    const holder = createServer((_, response) => void response.end('hello'))
    holder.listen(0, '127.0.0.1')
    await once(holder, 'listening')
    t.after(() => holder.close())
    const { port } = holder.address() as AddressInfo
    const env = { HTTP_LISTEN: `127.0.0.1:${port}`, STATE_DIR: '/dev/null/state' }
    const seen = await examine(t, env, ['--no-calculator', '--in', '/dev/null', '--out', '-', '--bin', 'cat'])
    found(seen, 'machine.http', /HTTP_LISTEN/, /end what listens there, or set HTTP_LISTEN/)
    found(seen, 'machine.state-dir', /STATE_DIR/, /mount a volume there/)
  })
})

async function printedPolicy(t: TestContext, nodeId: string): Promise<string> {
  const policy = await startAgent(t, { args: ['consul', 'policy'], env: { NODE_ID: nodeId } })
  assert.equal((await policy.exit()).code, 0, policy.stderr)
  return policy.stdout
}
