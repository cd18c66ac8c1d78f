import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, problemsText } from '../../src/cli/check.ts'
import type { Config, Loaded } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/config.ts'
import { explain } from '../../src/config/explain.ts'
import type { Flags } from '../../src/config/findings.ts'
import type { Machine } from '../../src/config/machine.ts'
import type { Environment } from '../../src/config/read.ts'
import { fakeMachine, least } from './fake-machine.ts'

const load = (environment: Environment, flags: Flags = {}, machine: Machine = fakeMachine()): Loaded =>
  loadConfig({ environment, flags, machine })

function good(environment: Environment, flags: Flags = {}, machine?: Machine): Config {
  const { config, problems } = load(environment, flags, machine)
  assert.deepEqual(problems, [])
  assert.ok(config)
  return config
}

test('the least environment gives the documented defaults', () => {
  const config = good(least)
  assert.deepEqual(config.kafka?.brokers, ['k1:9092'])
  assert.equal(config.kafka.groupId, 'bdz_default_sg')
  assert.deepEqual(
    [config.kafka.tls, config.kafka.sasl, config.kafka.sessionTimeoutMs, config.kafka.waitMs],
    [false, null, 45_000, null],
  )
  assert.equal(config.consul?.serviceName, 'bdz-wsp-ws-1')
  assert.equal(config.consul.documentKey, 'buldozer/subordinate/ws-1')
  assert.deepEqual(config.streams, {
    inputTopics: ['readings'],
    inputFrom: 'earliest',
    outputTopic: 'scores',
    outputFormat: 'dataframe',
    outputJson: false,
    deadLetterTopic: null,
    deadLetterAttempts: 3,
    protocol: 'relay',
    workers: 1,
    bin: '/bin/cat',
    args: [],
    env: {},
  })
  assert.deepEqual([config.adoptionGraceMs, config.shutdownGraceMs], [3_000, 3_000])
  assert.deepEqual(config.limits, {
    maxLine: 2 ** 20,
    bufferBytes: 2 ** 26,
    checkpointIntervalMs: 5_000,
    answerTimeoutMs: null,
  })
  assert.deepEqual(config.log, { level: 'info', format: 'json', colors: false })
  assert.deepEqual(config.terminationLog, { path: '/dev/termination-log', isAsked: false })
  assert.equal(good({ ...least, TERMINATION_LOG: '/tmp/why' }).terminationLog?.isAsked, true)
  assert.equal(config.instanceId, 'box')
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.streams.inputTopics))
})

test('an empty text is unset', () => {
  const config = good({ ...least, OUTPUT_TOPIC: '', SHUTDOWN_GRACEPERIOD: '', KAFKA_SASL_PASSWORD: '', WORKERS: '' })
  assert.deepEqual([config.streams.outputTopic, config.shutdownGraceMs, config.kafka?.sasl], [null, 3_000, null])
})

test('the command line wins over the environment', () => {
  const machine = fakeMachine({ '/bin/tr': { kind: 'program' } })
  const config = good({ ...least, PROGRAM: '/missing' }, { bin: '/bin/tr', args: ['a,b', ''] }, machine)
  assert.deepEqual([config.streams.bin, config.streams.args], ['/bin/tr', ['a,b', '']])
})

test('INSTANCE_ID falls back to POD_NAME', () => {
  assert.equal(good({ ...least, POD_NAME: 'pod-7' }).instanceId, 'pod-7')
  assert.equal(good({ ...least, POD_NAME: 'pod-7', INSTANCE_ID: 'i' }).instanceId, 'i')
})

test('local streams need neither Kafka nor a node id', () => {
  const config = good({ PROGRAM: 'cat', PATH: '/nowhere:/bin' }, { in: '-', out: '/result' })
  assert.deepEqual(
    [config.input, config.output],
    [
      { kind: 'file', path: '-' },
      { kind: 'file', path: '/result' },
    ],
  )
  assert.deepEqual([config.kafka, config.consul, config.nodeId], [null, null, null])
})

test('with Consul, topics and program may come from the run document', () => {
  const config = good({ NODE_ID: 'n', KAFKA_DSN: 'k', CONSUL_DSN: 'c' })
  assert.deepEqual([config.streams.bin, config.streams.inputTopics], [null, []])
  const { problems } = load({ NODE_ID: 'n', KAFKA_DSN: 'k', CONSUL_DSN: 'c', RUN_DOCUMENT_ALLOW: 'none' })
  assert.deepEqual(
    problems.map(({ name }) => name),
    ['PROGRAM', 'INPUT_TOPICS'],
  )
})

test('a secret may stand in a file, without its last newline', () => {
  const machine = fakeMachine({ '/run/pw': ' s3cret\n\n' })
  const config = good({ ...least, KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD_FILE: '/run/pw' }, {}, machine)
  assert.deepEqual(config.kafka?.sasl, { mechanism: 'plain', username: 'me', password: ' s3cret\n' })
})

test('TLS and login come from KAFKA_DSN and from the variables', () => {
  const machine = fakeMachine({ '/ca': '-----BEGIN CERTIFICATE-----\n' })
  const env = {
    ...least,
    KAFKA_DSN: 'kafka+tls://me:pw@k:1',
    KAFKA_TLS_CA_FILE: '/ca',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
  }
  const { kafka } = good(env, {}, machine)
  assert.deepEqual(kafka?.tls, { ca: '-----BEGIN CERTIFICATE-----\n' })
  assert.deepEqual(kafka.sasl, { mechanism: 'scram-sha-512', username: 'me', password: 'pw' })
  const token = good({ ...least, KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_TOKEN: 'tok' })
  assert.deepEqual(token.kafka?.sasl, { mechanism: 'oauthbearer', token: 'tok' })
})

test('Consul over TLS with a token', () => {
  const { consul } = good({
    ...least,
    CONSUL_DSN: 'https://c:8501',
    CONSUL_HTTP_TOKEN: 't',
    CONSUL_TLS_SERVER_NAME: 'x.y',
  })
  assert.deepEqual([consul?.host, consul?.port, consul?.tls, consul?.token], ['c', 8501, { serverName: 'x.y' }, 't'])
})

test('on a terminal the log is pretty, with colours unless they are refused', () => {
  const logOf = (terminal: boolean, environment: Environment): Config['log'] =>
    good({ ...least, ...environment }, {}, { ...fakeMachine(), terminal }).log
  const level = 'info'
  assert.deepEqual(logOf(true, {}), { level, format: 'pretty', colors: true })
  assert.deepEqual(logOf(true, { LOG_FORMAT: 'json' }), { level, format: 'json', colors: true })
  assert.deepEqual(logOf(true, { NO_COLOR: '1' }), { level, format: 'pretty', colors: false })
  assert.deepEqual(logOf(true, { LOG_COLORS: 'off' }), { level, format: 'pretty', colors: false })
  assert.deepEqual(logOf(false, {}), { level, format: 'json', colors: false })
  assert.deepEqual(logOf(false, { LOG_FORMAT: 'pretty' }), { level, format: 'pretty', colors: false })
})

test('BUFFER_BYTES follows the memory limit of the cgroup, of whichever version and level', () => {
  const v2 = fakeMachine({ '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/memory.max': '134217728\n', '/sys/fs/cgroup/a/b/memory.max': 'max\n' }) // prettier-ignore
  assert.equal(good(least, {}, v2).limits.bufferBytes, 2 ** 25)
  const v1 = fakeMachine({ '/proc/self/cgroup': '4:memory:/gone\n0::/\n', '/sys/fs/cgroup/memory/memory.limit_in_bytes': '67108864' }) // prettier-ignore
  assert.equal(good(least, {}, v1).limits.bufferBytes, 2 ** 24)
  const wide = fakeMachine({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '99999999999' })
  assert.equal(good(least, {}, wide).limits.bufferBytes, 2 ** 26)
  assert.equal(good({ ...least, BUFFER_BYTES: '1MiB' }, {}, wide).limits.bufferBytes, 2 ** 20)
})

const exactly = { ...least, DELIVERY: 'exactly-once', RUN_DOCUMENT_ALLOW: 'none' }

interface Wrong {
  readonly what: string
  readonly env?: Environment
  readonly flags?: Flags
  /** Every problem line, without its indentation. */
  readonly problems: readonly string[]
}

const nameless: Environment = { ...least, NODE_ID: undefined }
const withoutConsul: Environment = { ...least, CONSUL_DSN: undefined }
const durations = 'should be a duration such as 300ms, 3s, 1m30s, 2h or bare seconds'

const wrong: readonly Wrong[] = [
  { what: 'no NODE_ID', env: nameless, problems: ['NODE_ID is needed with KAFKA_DSN and CONSUL_DSN: the workspace id given by the platform'] }, // prettier-ignore
  { what: 'a bad duration', env: { ...least, KAFKA_WAIT: '3 parsecs' }, problems: [`KAFKA_WAIT="3 parsecs" ${durations}`] }, // prettier-ignore
  { what: 'a program that is not there', env: { ...least, PROGRAM: '/opt/none' }, problems: ['PROGRAM="/opt/none" should be a program, and there is no such file'] }, // prettier-ignore
  { what: 'a program that may not be executed', env: { ...least, PROGRAM: '/plain' }, problems: ['PROGRAM="/plain" should be executable: try chmod +x, or name its interpreter and give the file with --args'] }, // prettier-ignore
  { what: 'a folder as program', env: least, flags: { bin: '/' }, problems: ['--bin="/" should be a program, and is a folder'] }, // prettier-ignore
  { what: 'a relative program', env: { ...least, PROGRAM: './cat' }, problems: ['PROGRAM="./cat" should be an absolute path or a name in PATH'] }, // prettier-ignore
  { what: 'a program not in PATH', env: { ...least, PROGRAM: 'nope' }, problems: ['PROGRAM="nope" should be a program in PATH'] }, // prettier-ignore
  { what: 'a whole command line as program', env: { ...least, PROGRAM: 'python3 /a,b.py x' }, problems: ['PROGRAM="python3 /a,b.py x" should be a program alone; its arguments go to --args: --bin python3 --args /a\\\\,b.py,x'.replace('\\\\', '\\')] }, // prettier-ignore
  {
    what: 'no streams and no program',
    env: {},
    problems: [
      'KAFKA_DSN is needed for the input: set KAFKA_DSN and INPUT_TOPICS, or give --in FILE (- is stdin)',
      'KAFKA_DSN is needed for the output: set KAFKA_DSN and OUTPUT_TOPIC, or give --out FILE (- is stdout)',
      'PROGRAM is needed without CONSUL_DSN: set it, or give --bin PROGRAM',
    ],
  },
  { what: 'no topics without Consul', env: { ...withoutConsul, INPUT_TOPICS: '' }, problems: ['INPUT_TOPICS is needed without CONSUL_DSN: set it, or give --in FILE (- is stdin)'] }, // prettier-ignore
  { what: 'a sink with no input', env: { PROGRAM: '/bin/cat', PROTOCOL: 'sink' }, problems: ['KAFKA_DSN is needed for the input: set KAFKA_DSN and INPUT_TOPICS, or give --in FILE (- is stdin)'] }, // prettier-ignore
  { what: 'a sink that a document may make something else', env: { PROGRAM: '/bin/cat', PROTOCOL: 'sink', NODE_ID: 'n', CONSUL_DSN: 'c' }, flags: { in: '-' }, problems: ['KAFKA_DSN is needed for the output: set KAFKA_DSN and OUTPUT_TOPIC, or give --out FILE (- is stdout)'] }, // prettier-ignore
  { what: 'one side local, the other nowhere', env: { PROGRAM: '/bin/cat' }, flags: { in: '-' }, problems: ['KAFKA_DSN is needed for the output: set KAFKA_DSN and OUTPUT_TOPIC, or give --out FILE (- is stdout)'] }, // prettier-ignore
  { what: 'an output without topic', env: { ...withoutConsul, OUTPUT_TOPIC: '' }, flags: { in: '-' }, problems: ['OUTPUT_TOPIC is needed without CONSUL_DSN: set it, or give --out FILE (- is stdout)'] }, // prettier-ignore
  { what: 'files that cannot be used', env: { PROGRAM: '/bin/cat' }, flags: { in: '/none', out: '/no/where' }, problems: ['--in="/none" should be a file to read: there is no such file', '--out="/no/where" should be a file in a folder that exists'] }, // prettier-ignore
  { what: 'a secret twice', env: { ...least, CONSUL_HTTP_TOKEN: 't', CONSUL_HTTP_TOKEN_FILE: '/plain' }, problems: ['CONSUL_HTTP_TOKEN_FILE="/plain" should not be set together with CONSUL_HTTP_TOKEN'] }, // prettier-ignore
  { what: 'a secret file that is not there', env: { ...least, KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD_FILE: '/none' }, problems: ['KAFKA_SASL_PASSWORD_FILE="/none" should name a file that can be read (ENOENT)'] }, // prettier-ignore
  { what: 'a secret file that is empty', env: { ...least, CONSUL_HTTP_TOKEN_FILE: '/empty' }, problems: ['CONSUL_HTTP_TOKEN_FILE="/empty" should name a file that is not empty'] }, // prettier-ignore
  { what: 'half a login', env: { ...least, KAFKA_SASL_USERNAME: 'me' }, problems: ['KAFKA_SASL_PASSWORD is needed to log in'] }, // prettier-ignore
  { what: 'half a certificate', env: { ...least, KAFKA_TLS: 'true', KAFKA_TLS_CERT_FILE: '/plain' }, problems: ['KAFKA_TLS_KEY_FILE is needed with KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_CERT_FILE="/plain" should name a PEM file, which has a line "-----BEGIN …"'] }, // prettier-ignore
  { what: 'two logins', env: { ...least, KAFKA_DSN: 'kafka://a:b@k', KAFKA_SASL_USERNAME: 'c' }, problems: ['KAFKA_SASL_USERNAME="c" contradicts the credentials in KAFKA_DSN'] }, // prettier-ignore
  { what: 'TLS and not', env: { ...least, KAFKA_DSN: 'kafka+tls://k', KAFKA_TLS: '0' }, problems: ['KAFKA_TLS="0" contradicts kafka+tls:// in KAFKA_DSN'] }, // prettier-ignore
  { what: 'split lines that must match', env: { ...least, PROTOCOL: 'one-to-one', INPUT_NEWLINES: 'split' }, problems: ['INPUT_NEWLINES="split" should not be split with PROTOCOL=one-to-one, where answers belong to single records'] }, // prettier-ignore
  { what: 'an output that empties its own input', env: { PROGRAM: '/bin/cat' }, flags: { in: '/plain', out: '/plain' }, problems: ['--out="/plain" should be another file than --in /plain, which it would empty before it is read'] }, // prettier-ignore
  { what: 'an output whose dead letters are its input', env: { PROGRAM: '/bin/cat' }, flags: { in: '/plain.dead-letter', out: '/plain' }, problems: ['--out="/plain" should not be the file whose dead letters go to --in /plain.dead-letter: they would be read again for ever'] }, // prettier-ignore
  { what: 'dead letters that would be read again', env: { ...withoutConsul, INPUT_TOPICS: 'a,b', DEAD_LETTER_TOPIC: 'b' }, problems: ['DEAD_LETTER_TOPIC="b" should not be one of INPUT_TOPICS: dead letters would be read again'] }, // prettier-ignore
  { what: 'dead letters that would be read again, by default', env: { ...withoutConsul, INPUT_TOPICS: 'a,scores.dead-letter' }, problems: ['INPUT_TOPICS="a,scores.dead-letter" should not name scores.dead-letter, where dead letters go: leave it out, or set DEAD_LETTER_TOPIC to another'] }, // prettier-ignore
  { what: 'one wrong item of several', env: { ...least, CALCULATOR_EXITCODES: '0,300' }, problems: ['CALCULATOR_EXITCODES="0,300" should be an integer from 0 to 255, not "300"'] }, // prettier-ignore
  { what: 'a list that may be none', env: { ...least, RUN_DOCUMENT_ALLOW: 'all' }, problems: ['RUN_DOCUMENT_ALLOW="all" should be none, or streams or calculator'] }, // prettier-ignore
  { what: 'quotes that no shell took away', env: { ...least, INPUT_FROM: '"latest"' }, problems: [`INPUT_FROM="\\"latest\\"" should be earliest, latest or an RFC 3339 time such as 2026-01-31T08:00:00Z; it has quotes around it`] }, // prettier-ignore
  { what: 'a port that no broker has', env: { ...least, KAFKA_DSN: 'k:99999,j' }, problems: ['KAFKA_DSN="k:99999,j" should be host:port[,host:port…], kafka://user:password@host:port or kafka+tls://host:port'] }, // prettier-ignore
  { what: 'a password that is not encoded', env: { ...least, KAFKA_DSN: 'kafka://me:p@ss@k:1' }, problems: ['KAFKA_DSN="kafka://***@k:1" should be host:port[,host:port…], kafka://user:password@host:port or kafka+tls://host:port; in the user and the password @ is %40, / is %2F and % is %25'] }, // prettier-ignore
  { what: 'exactly-once with a file', env: { ...exactly }, flags: { in: '-' }, problems: ['DELIVERY="exactly-once" cannot be exactly-once with --in or --out: it holds from Kafka to Kafka only'] }, // prettier-ignore
  { what: 'exactly-once without an output', env: { ...exactly, OUTPUT_TOPIC: '' }, problems: ['OUTPUT_TOPIC is needed with DELIVERY=exactly-once'] }, // prettier-ignore
  { what: 'exactly-once with one side', env: { ...exactly, PROTOCOL: 'sink' }, problems: ['PROTOCOL="sink" cannot be sink with DELIVERY=exactly-once: it has one side only'] }, // prettier-ignore
  { what: 'exactly-once with letters among the answers', env: { ...exactly, DEAD_LETTER_TOPIC: 'scores' }, problems: ['DEAD_LETTER_TOPIC="scores" should not be OUTPUT_TOPIC with DELIVERY=exactly-once'] }, // prettier-ignore
  { what: 'exactly-once with several workers', env: { ...exactly, WORKERS: '2' }, problems: ['WORKERS="2" should be 1: DELIVERY=exactly-once binds all output of an agent into one transaction'] }, // prettier-ignore
  { what: 'a local input with several workers', env: { ...least, WORKERS: '2', RUN_DOCUMENT_ALLOW: 'none' }, flags: { in: '-' }, problems: ['WORKERS="2" should be 1: a local input (--in) is read by one Calculator'] }, // prettier-ignore
  { what: 'at-most-once with workers that share partitions', env: { ...least, WORKERS: '2', WORKERS_BY: 'key', DELIVERY: 'at-most-once', RUN_DOCUMENT_ALLOW: 'none' }, problems: ['WORKERS="2" should be 1: DELIVERY=at-most-once needs WORKERS_BY=partition, since a commit is of a whole partition'] }, // prettier-ignore
  { what: 'no worker', env: { ...least, WORKERS: '0' }, problems: ['WORKERS="0" should be an integer from 1 to 256'] }, // prettier-ignore
  { what: 'exactly-once with transactions that no broker takes', env: { ...exactly, CHECKPOINT_INTERVAL: '14m' }, problems: ['CHECKPOINT_INTERVAL="14m" should, with ADOPTION_GRACEPERIOD, be at most 14m with exactly-once'] }, // prettier-ignore
  { what: 'a bad DSN: no follow-up of its own', env: { ...least, KAFKA_DSN: 'http://k:1' }, problems: ['KAFKA_DSN="http://k:1" should be host:port[,host:port…], kafka://user:password@host:port or kafka+tls://host:port'] }, // prettier-ignore
]

for (const { what, env = {}, flags = {}, problems } of wrong) {
  test(`${what}: one message with every problem, exit code 78`, () => {
    const loaded = load(env, flags, fakeMachine({ '/plain': 'text', '/plain.dead-letter': 'x', '/empty': '\n' }))
    assert.equal(loaded.config, null)
    const { stderr, stdout, exitCode } = check(
      { rows: explain(loaded, flags), ...loaded },
      { json: false, colors: false },
    )
    const lines = stderr.split('\n').filter((line) => line.startsWith('  '))
    assert.deepEqual([exitCode, stdout], [78, ''])
    assert.deepEqual(
      lines.map((line) => line.trim()),
      problems,
    )
    assert.ok(stderr.endsWith(problemsText(loaded.problems)))
    assert.doesNotMatch(stderr, /\n\s+at |Error:/)
  })
}

test('ten problems of different kinds are told together', () => {
  const env = {
    KAFKA_DSN: 'k:x',
    SHUTDOWN_GRACEPERIOD: 'soon',
    OUTPUT_JSON: 'maybe',
    MAX_LINE: '64M',
    INPUT_FROM: 'yesterday',
    CONSUL_NAME_TPL: 'fixed',
    LOG_LEVEL: 'loud',
    INPUT_TOPICS: 'a b',
    PROGRAM: '/none',
    CALCULATOR_EXITCODES: '0,300',
  }
  const names = new Set(load(env).problems.map(({ name }) => name))
  assert.deepEqual(names, new Set([...Object.keys(env), 'NODE_ID']))
})

const warnings = (environment: Environment, flags: Flags = {}): readonly string[] => load(environment, flags).warnings

test('an input that is not read cannot be where dead letters go round', () => {
  const environment = { ...withoutConsul, PROTOCOL: 'source', INPUT_TOPICS: 'scores.dead-letter' }
  assert.deepEqual(load(environment).problems, [])
})

test('warnings: what is later, without effect, or looks wrong', () => {
  assert.deepEqual(warnings(least), [])
  assert.match(warnings(withoutConsul).join(), /^CONSUL_DSN is not set: [^,]*, the environment alone decides$/)
  assert.deepEqual(warnings({ ...least, RULES_FILES: '/r' }), [
    'RULES_FILES is not supported by this version and has no effect',
  ])
  assert.match(warnings({ ...least, NODE_ID: 'a.b' }).join(), /^NODE_ID=a\.b is no DNS label/)
  assert.match(warnings({ ...least, KAFKA_TLS_CA_FILE: '/x' }).join(), /^KAFKA_TLS_CA_FILE without effect/)
  assert.match(warnings({ ...least, CONSUL_CACERT: '/x' }).join(), /^CONSUL_CACERT without effect/)
  assert.match(warnings({ ...least, OUTPUT_TOPIC: 'readings' }).join(), /^OUTPUT_TOPIC=readings is also one of/)
  assert.match(warnings({ ...least, KAFKA_DSN: 'kafka://a:b@k' }).join(), /clear text/)
  assert.match(warnings(least, { in: '-', out: '-' }).join(), /^KAFKA_DSN without effect/)
  assert.match(warnings({ ...withoutConsul, OUTPUT_TOPIC: '' }).join(), /OUTPUT_TOPIC is not set: .* goes nowhere/)
  const token = { ...withoutConsul, CONSUL_HTTP_TOKEN: 't', CONSUL_WAIT: '1s' }
  assert.match(warnings(token).join(), /alone decides; without effect: CONSUL_HTTP_TOKEN, CONSUL_WAIT$/)
  assert.match(warnings({ ...withoutConsul, RUN_DOCUMENT_ALLOW: 'none' }).join(), /alone decides$/)
  assert.match(warnings({ ...withoutConsul, RUN_DOCUMENT_ALLOW: 'streams' }).join(), /effect: RUN_DOCUMENT_ALLOW$/)
})

test('a local sink needs no output: what is dead-lettered is told to the log', () => {
  const config = good({ PROGRAM: '/bin/cat', PROTOCOL: 'sink' }, { in: '-' })
  assert.deepEqual(config.output, { kind: 'file', path: '-' })
  assert.equal(config.kafka, null)
})

test('check shows where dead letters go, and whether TLS is spoken, as it is in force', () => {
  const shown = (env: Readonly<Record<string, string>>, flags = {}): unknown[] =>
    explain(load(env, flags), flags)
      .filter(({ name }) => name === 'DEAD_LETTER_TOPIC' || name === 'KAFKA_TLS')
      .map(({ value, note }) => [value, note])
  assert.deepEqual(shown(least), [
    ['scores.dead-letter', 'after OUTPUT_TOPIC'],
    ['false', 'after KAFKA_DSN'],
  ])
  assert.deepEqual(shown({ ...least, OUTPUT_TOPIC: '', KAFKA_DSN: 'kafka+tls://k:1' }), [
    ['readings.dead-letter', 'after INPUT_TOPICS'],
    ['true', 'after KAFKA_DSN'],
  ])
})
