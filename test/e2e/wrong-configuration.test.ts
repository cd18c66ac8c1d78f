// A wrong configuration is told once, whole, and before anything is started.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'

/** Where the agent would leave traces if it began: a program that makes a file, and three ports of the test's own. */
interface Ground {
  readonly program: string
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** What happened there; empty for nothing. */
  traces(): string[]
}

async function ground(t: TestContext): Promise<Ground> {
  const folder = tempDir(t)
  const [program, mark] = [join(folder, 'program'), join(folder, 'mark')]
  writeFileSync(program, `#!/bin/sh\ntouch ${mark}\nexec cat\n`, { mode: 0o755 })
  const seen: string[] = []
  const listen = async (name: string): Promise<string> => {
    const server = createServer((socket) => {
      seen.push(name)
      socket.destroy()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const [broker, consul, http] = [await listen('Kafka'), await listen('Consul'), await listen('HTTP')]
  return {
    program,
    folder,
    env: {
      NODE_ID: 'e2e',
      KAFKA_DSN: broker,
      CONSUL_DSN: consul,
      INPUT_TOPICS: 'in',
      OUTPUT_TOPIC: 'out',
      PROGRAM: program,
      // Taken: an agent that tried to listen would say so.
      HTTP_LISTEN: http,
    },
    traces: () => [...seen, ...(existsSync(mark) ? ['Calculator'] : [])],
  }
}

interface Wrong {
  readonly what: string
  readonly env?: (ground: Ground) => Readonly<Record<string, string>>
  readonly args?: (ground: Ground) => readonly string[]
  readonly says: readonly RegExp[]
}

const kinds: readonly Wrong[] = [
  {
    what: 'NODE_ID is missing',
    env: () => ({ NODE_ID: '' }),
    says: [/NODE_ID is needed with KAFKA_DSN and CONSUL_DSN/],
  },
  {
    what: 'a duration is none',
    env: () => ({ SHUTDOWN_GRACEPERIOD: '3 parsecs' }),
    says: [/SHUTDOWN_GRACEPERIOD="3 parsecs" .*3s/],
  },
  {
    what: 'the program is missing',
    env: () => ({ PROGRAM: '/no/such/program' }),
    says: [/PROGRAM="\/no\/such\/program"/],
  },
  {
    what: 'the program may not be executed',
    env: ({ folder }) => {
      writeFileSync(join(folder, 'script.py'), 'print()\n', { mode: 0o644 })
      return { PROGRAM: join(folder, 'script.py') }
    },
    says: [/PROGRAM=".*script.py" .*chmod \+x/],
  },
  { what: 'the program is a folder', args: ({ folder }) => ['--bin', folder], says: [/--bin=.* is a folder/] },
  {
    what: 'the program carries its arguments',
    env: () => ({ PROGRAM: 'python3 /opt/app/main.py' }),
    says: [/PROGRAM="python3 .*--args \/opt\/app\/main.py/],
  },
  {
    what: 'there is nothing to read and nothing to write',
    env: () => ({ KAFKA_DSN: '', CONSUL_DSN: '' }),
    says: [/KAFKA_DSN is needed for the input.*--in FILE/, /KAFKA_DSN is needed for the output.*--out FILE/],
  },
  {
    what: 'no topics, and no Consul to bring them',
    env: () => ({ CONSUL_DSN: '', INPUT_TOPICS: '' }),
    says: [/INPUT_TOPICS is needed/],
  },
  {
    what: 'KAFKA_DSN is no address',
    env: () => ({ KAFKA_DSN: 'broker:port' }),
    says: [/KAFKA_DSN="broker:.* host:port/],
  },
  {
    what: 'CONSUL_NAME_TPL has no %s',
    env: () => ({ CONSUL_NAME_TPL: 'name' }),
    says: [/CONSUL_NAME_TPL="name" .*%s/],
  },
  {
    what: 'a secret comes twice',
    env: ({ folder }) => {
      writeFileSync(join(folder, 'password'), 'hunter22\n')
      return {
        KAFKA_SASL_USERNAME: 'me',
        KAFKA_SASL_PASSWORD: 'hunter21',
        KAFKA_SASL_PASSWORD_FILE: join(folder, 'password'),
      }
    },
    says: [/KAFKA_SASL_PASSWORD_FILE=".*password" .*together with KAFKA_SASL_PASSWORD/],
  },
  {
    what: 'a CA file cannot be read',
    env: () => ({ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/no/such/ca.pem' }),
    says: [/KAFKA_TLS_CA_FILE="\/no\/such\/ca.pem" .*ENOENT/],
  },
  { what: 'LOG_LEVEL is no level', env: () => ({ LOG_LEVEL: 'loud' }), says: [/LOG_LEVEL="loud" .*info/] },
  { what: 'HTTP_LISTEN is no address', env: () => ({ HTTP_LISTEN: ':99999' }), says: [/HTTP_LISTEN=":99999"/] },
  { what: 'a size is none', env: () => ({ BUFFER_BYTES: 'much' }), says: [/BUFFER_BYTES="much"/] },
  { what: 'an input file is missing', args: () => ['--in', '/no/such/file'], says: [/--in="\/no\/such\/file"/] },
]

const assertPlain = (stderr: string): void => {
  assert.doesNotMatch(stderr, /^\s+at |node:|Error:/m)
  assert.doesNotMatch(stderr, /hunter/)
}

for (const { what, env, args, says } of kinds) {
  test(`${what}: 78, and nothing was started`, { timeout: 180_000 }, async (t) => {
    const at = await ground(t)
    const agent = await startAgent(t, { env: { ...at.env, ...env?.(at) }, args: args?.(at) ?? [] })
    assert.deepEqual(await agent.exit(), { code: 78, signal: null })
    for (const text of says) assert.match(agent.stderr, text)
    const told = agent.stderr.trimEnd().split('\n')
    const [first = '', ...problems] = told.filter((line) => !line.startsWith('warning: '))
    assert.match(first, says.length === 1 ? /the configuration has a problem, nothing/ : /has 2 problems/)
    assert.equal(problems.length, says.length, agent.stderr)
    assertPlain(agent.stderr)
    assert.equal(agent.stdout, '')
    assert.deepEqual(at.traces(), [])
  })
}

test('a misread address makes no other warning', { timeout: 180_000 }, async (t) => {
  const at = await ground(t)
  const agent = await startAgent(t, { env: { ...at.env, KAFKA_DSN: 'broker:port' } })
  assert.equal((await agent.exit()).code, 78)
  assert.doesNotMatch(agent.stderr, /^warning: /m)
})

test('all problems are in one message', { timeout: 180_000 }, async (t) => {
  const at = await ground(t)
  const ofVariables = kinds.filter(({ what }) =>
    /duration|NODE_ID|is no address|%s|comes twice|CA file|level|size/.test(what),
  )
  const env = Object.assign({}, ...ofVariables.map(({ env }) => env?.(at) ?? {})) as Record<string, string>
  const agent = await startAgent(t, { env: { ...at.env, ...env }, args: ['--bin', at.folder] })
  assert.equal((await agent.exit()).code, 78)
  const expected = ofVariables.flatMap(({ says }) => says)
  assert.equal(expected.length, 9)
  for (const text of [...expected, /--bin=.* is a folder/]) assert.match(agent.stderr, text)
  assert.match(agent.stderr, /^pidpiper: the configuration has 10 problems, nothing was started$/m)
  assertPlain(agent.stderr)
  assert.deepEqual(at.traces(), [])
})

for (const [what, args, says] of [
  ['an unknown option', ['--bim', 'cat'], /unknown option "--bim", did you mean --bin\?/],
  ['an option without value', ['--bin'], /--bin needs a value/],
  ['an unknown command', ['strat'], /unknown command "strat"/],
  ['a word too many', ['run', '--bin', 'cat', 'more'], /unexpected word "more"/],
] as const) {
  test(`${what}: 64, and nothing was started`, { timeout: 180_000 }, async (t) => {
    const at = await ground(t)
    const agent = await startAgent(t, { env: at.env, args })
    assert.deepEqual(await agent.exit(), { code: 64, signal: null })
    assert.match(agent.stderr, says)
    assert.match(agent.stderr, /--help/)
    assert.equal(agent.stderr.trimEnd().split('\n').length, 1)
    assertPlain(agent.stderr)
    assert.deepEqual(at.traces(), [])
  })
}

test(
  'a misspelt variable is a warning with the nearest name, and the agent goes on',
  { timeout: 180_000 },
  async (t) => {
    const env = { KAFKA_BROKER: 'a:1', SHUTDOWN_GRACE: '5s', INPUT_TOPIC: 'a', LOG_LEVL: 'debug', MY_BROKER: 'b:1' }
    const agent = await startAgent(t, { args: ['--in', '/dev/null', '--out', '/dev/null', '--bin', 'cat'], env })
    assert.deepEqual(await agent.exit(), { code: 0, signal: null })
    const warnings = agent.log
      .filter(({ event }) => event === 'config.warning')
      .map(({ level, msg }) => `${level} ${msg ?? ''}`)
    assert.deepEqual(warnings.sort(), [
      'warn INPUT_TOPIC is not known and has no effect: use INPUT_TOPICS',
      'warn KAFKA_BROKER is not known and has no effect: use KAFKA_DSN',
      'warn LOG_LEVL is not known and has no effect: use LOG_LEVEL',
      'warn SHUTDOWN_GRACE is not known and has no effect: use SHUTDOWN_GRACEPERIOD',
    ])
  },
)

test(
  'check shows every value with its origin, masks secrets, and connects to nothing',
  { timeout: 180_000 },
  async (t) => {
    const at = await ground(t)
    writeFileSync(join(at.folder, 'token'), 'hunter-token\n')
    const agent = await startAgent(t, {
      args: ['check', '--bin', 'cat', '--args', 'a,b'],
      env: {
        ...at.env,
        KAFKA_DSN: `kafka://me:hunter2@${at.env['KAFKA_DSN'] ?? ''}`,
        CONSUL_HTTP_TOKEN_FILE: join(at.folder, 'token'),
        ADOPTION_GRACEPERIOD: '5s',
      },
    })
    assert.deepEqual(await agent.exit(), { code: 0, signal: null })
    for (const row of [
      /^ {2}NODE_ID +e2e +environment$/m,
      /^ {2}ADOPTION_GRACEPERIOD +5s +environment$/m,
      /^ {2}SHUTDOWN_GRACEPERIOD +3s +default$/m,
      /^ {2}PROGRAM +cat +command line \(--bin\)$/m,
      /^ {2}--args +a,b +command line$/m,
      /^ {2}CONSUL_HTTP_TOKEN +\*\*\* +file$/m,
      /^ {2}KAFKA_DSN +kafka:\/\/.*\*\*\*.*@127\.0\.0\.1:\d+ +environment$/m,
    ]) {
      assert.match(agent.stdout, row)
    }
    assert.doesNotMatch(agent.stdout + agent.stderr, /hunter/)
    assert.deepEqual(at.traces(), [])
  },
)

test('check tells problems as a start does, with the same exit code', { timeout: 180_000 }, async (t) => {
  const at = await ground(t)
  const env = { ...at.env, NODE_ID: '', LOG_LEVEL: 'loud' }
  const [checked, started] = [await startAgent(t, { args: ['check'], env }), await startAgent(t, { env })]
  assert.equal((await checked.exit()).code, 78)
  assert.equal((await started.exit()).code, 78)
  assert.equal(checked.stderr, started.stderr)
})

test('check looks at CONFIG_FILE too, and at it alone without a Calculator', { timeout: 180_000 }, async (t) => {
  const file = join(tempDir(t), 'supervisord.conf')
  const programs = '[program:web]\ncommand=/bin/sleep 9\nautostrat=false\n[program:calculator]\ncommand=/bin/sleep 9\n'
  writeFileSync(file, `[supervisord]\nnodaemon=true\n${programs}`)
  const checked = async (env: Readonly<Record<string, string>>): Promise<[number | null, string]> => {
    const agent = await startAgent(t, { args: ['check', '--json'], env: { ...env, CONFIG_FILE: file } })
    return [(await agent.exit()).code, agent.stdout]
  }
  const [alone, beside] = await Promise.all([checked({}), checked({ PROGRAM: '/bin/cat' })])
  assert.equal(alone[0], 0, alone[1])
  assert.match(alone[1], /autostrat/)
  assert.doesNotMatch(alone[1], /KAFKA_DSN/)
  assert.equal(beside[0], 78)
  assert.match(beside[1], /autostrat/)
  assert.match(beside[1], /KAFKA_DSN is needed|"name": "KAFKA_DSN"/)
  assert.match(beside[1], /\[program:calculator\] is in the group calculator, which is the Calculator's/)
})

test('health names an address that is none, and asks at no other one', { timeout: 180_000 }, async (t) => {
  const agent = await startAgent(t, { args: ['health'], env: { HTTP_LISTEN: ':99999' } })
  assert.deepEqual(await agent.exit(), { code: 1, signal: null })
  assert.match(agent.stdout, /^not known: HTTP_LISTEN=":99999" should be .*\n$/)
})

test('a line of a supervisord configuration that is none is told once', { timeout: 180_000 }, async (t) => {
  const file = join(tempDir(t), 'supervisord.conf')
  writeFileSync(file, '[program:x]\ncommand=/bin/cat\nnonsense\n')
  const agent = await startAgent(t, { args: ['check', '-c', file] })
  assert.deepEqual(await agent.exit(), { code: 2, signal: null })
  const [first, ...problems] = agent.stderr.trimEnd().split('\n')
  assert.equal(first, 'pidpiper: the configuration has a problem, nothing was started')
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /supervisord\.conf:3 expected key=value.*found 'nonsense'/)
})
