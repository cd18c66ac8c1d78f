// Files, or the agent's own stdin and stdout, in Kafka's place: the same Calculator, and the exit code is its own.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { watchPeak } from '../fixtures/e2e-proc.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { calculatorWords, startLocal } from './local-run.ts'
import { random } from '../support/records.ts'
import { tempDir } from '../support/temp.ts'

const text = (path: string): string => readFileSync(path, 'utf8')

test('lines go from file to file, the last one without its newline too', { timeout: 180_000 }, async (t) => {
  const { agent, output } = await startLocal(t, { input: 'one\n\ntwo\nthree', calculator: ['tr', 'a-z', 'A-Z'] })
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  assert.equal(text(output), 'ONE\n\nTWO\nTHREE\n')
  assert.equal(agent.stdout, '')
  assert.equal(existsSync(`${output}.dead-letter`), false)
})

test('a log that cannot be written stops no record', { timeout: 180_000 }, async (t) => {
  const { agent, output } = await startLocal(t, {
    under: ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'],
    input: 'one\ntwo\n',
    calculator: ['sh', '-c', 'echo said >&2; cat'],
  })
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  assert.equal(text(output), 'one\ntwo\n')
})

test('an empty file gives an empty file, and devices are files too', { timeout: 180_000 }, async (t) => {
  const { agent, output } = await startLocal(t, { calculator: ['cat'] })
  assert.equal((await agent.exit()).code, 0)
  assert.equal(text(output), '')
  const devices = await startAgent(t, { args: ['--in', '/dev/null', '--out', '/dev/null', '--bin', 'cat'] })
  assert.equal((await devices.exit()).code, 0)
})

test('an output that fails at its very end is 69, and the end is in order', { timeout: 180_000 }, async (t) => {
  const started = async (out: string, script: string): Promise<TestAgent> =>
    startAgent(t, {
      args: ['--in', '-', '--out', out, ...calculatorWords(['sh', '-c', script])],
      stdin: 'pipe',
      env: { OUTPUT_FORMAT: 'raw' },
    })
  // Nothing was written before it is closed; and what is said when the agent was asked to end.
  const [closed, last] = await Promise.all([started('/proc/none', 'cat'), started('/dev/full', 'cat; echo last words')])
  await last.waitForEvent('process.running')
  closed.process.stdin?.end()
  last.signal('SIGTERM')
  for (const agent of [closed, last]) {
    assert.deepEqual(await agent.exit(), { code: 69, signal: null }, agent.stderr)
    const events = agent.log.map(({ event }) => event)
    assert.deepEqual([events.filter((event) => event === 'agent.failed').length, events.at(-1)], [1, 'agent.stopped'])
  }
})

test('lines go from stdin to stdout, and nothing else does', { timeout: 180_000 }, async (t) => {
  const agent = await startAgent(t, {
    under: ['sh', '-c', 'printf "one\\ntwo" | "$@" | cat', 'sh'],
    args: ['--in', '-', '--out', '-', ...calculatorWords(['tr', 'a-z', 'A-Z'])],
    env: { OUTPUT_FORMAT: 'raw' },
  })
  await agent.exit()
  assert.equal(agent.stdout, 'ONE\nTWO\n')
  assert.ok(agent.log.length > 0, 'the log goes to stderr')
})

test('a person types at the one end, and reads at the other', { timeout: 180_000 }, async (t) => {
  const agent = await startAgent(t, {
    stdin: 'pipe',
    args: ['--in', '-', '--out', '-', '--bin', 'cat'],
    env: { OUTPUT_FORMAT: 'raw' },
  })
  for (const word of ['hello', 'again']) {
    agent.process.stdin?.write(`${word}\n`)
    while (!agent.stdout.endsWith(`${word}\n`)) await once(agent.process.stdout ?? agent.process, 'data')
  }
  agent.process.stdin?.end()
  assert.equal((await agent.exit()).code, 0)
  assert.equal(agent.stdout, 'hello\nagain\n')
})

for (const [what, script, code] of [
  ['after its input', 'cat; exit 3', 3],
  ['before its input was read', 'head -c 1 >/dev/null; exit 7', 7],
  ['by SIGKILL', 'read line; kill -9 $$', 137],
  ['by SIGSEGV', 'read line; kill -SEGV $$', 139],
] as const) {
  test(`a Calculator that ends ${what} gives the agent its code ${code}, and is not started again`, async (t) => {
    const input = 'some line or other\n'.repeat(500_000)
    const { agent } = await startLocal(t, { input, calculator: ['sh', '-c', script] })
    assert.deepEqual(await agent.exit(), { code, signal: null })
    assert.equal(agent.log.filter(({ event }) => event === 'process.spawned').length, 1)
  })
}

test('a Calculator that cannot be started is 127', { timeout: 180_000 }, async (t) => {
  const program = join(tempDir(t), 'program')
  writeFileSync(program, '#!/no/such/interpreter\n', { mode: 0o755 })
  const { agent } = await startLocal(t, { input: 'a\n', calculator: [program] })
  assert.deepEqual(await agent.exit(), { code: 127, signal: null })
})

test('dataframe is the default format', { timeout: 180_000 }, async (t) => {
  const { agent, output } = await startLocal(t, {
    input: '{"a":1}\ngrüße\n',
    calculator: ['cat'],
    env: { OUTPUT_FORMAT: '', INSTANCE_ID: 'here' },
  })
  assert.equal((await agent.exit()).code, 0)
  const frames = text(output)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    frames.map(({ data, source, type }) => ({ data, source, type })),
    [
      { data: '{"a":1}', source: '/pidpiper/here', type: 'pidpiper.record.v1' },
      { data: 'grüße', source: '/pidpiper/here', type: 'pidpiper.record.v1' },
    ],
  )
})

interface LetterLine {
  readonly reason: string
  readonly value: string
}

const shout = [
  'sh',
  '-c',
  'while read -r line; do echo "$line"; done; head -c 5000 /dev/zero | tr "\\0" x; echo',
] as const

test('dead letters go to a file beside the output', { timeout: 180_000 }, async (t) => {
  const { agent, output } = await startLocal(t, {
    input: '{"a": 1}\nno JSON\n',
    calculator: shout,
    env: { OUTPUT_FORMAT: '', OUTPUT_JSON: 'true', MAX_LINE: '4KiB' },
  })
  assert.equal((await agent.exit()).code, 0)
  const frames = text(output).trimEnd().split('\n')
  assert.deepEqual(
    frames.map((line) => (JSON.parse(line) as { data: unknown }).data),
    [{ a: 1 }],
  )
  const letters = text(`${output}.dead-letter`)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LetterLine)
  assert.deepEqual(
    letters.map(({ value }) => value),
    ['no JSON', 'x'.repeat(1024)],
  )
  for (const { reason } of letters) assert.match(reason, /\w/)
})

test('with --out - a dead letter is an error in the log', { timeout: 180_000 }, async (t) => {
  const { agent, input } = await startLocal(t, { input: 'a\n', calculator: ['cat'] })
  await agent.exit()
  const stdout = await startAgent(t, {
    args: ['--in', input, '--out', '-', ...calculatorWords(shout)],
    env: { OUTPUT_FORMAT: 'raw', MAX_LINE: '4KiB' },
  })
  assert.equal((await stdout.exit()).code, 0)
  assert.equal(stdout.stdout, 'a\n')
  const [letter, ...more] = stdout.log.filter(({ event }) => event === 'stream.dead-letter')
  assert.deepEqual([letter?.level, letter?.['module'], letter?.['process']], ['error', undefined, 'calculator'])
  assert.deepEqual([letter?.['value'], letter?.['length'], more], ['x'.repeat(1024), 5000, []])
})

test('200 MB go through cat byte by byte, in flat memory', { timeout: 300_000 }, async (t) => {
  const { agent: probe, input, output } = await startLocal(t, { calculator: ['cat'] })
  await probe.exit()
  const written = await fill(input, 200_000_000)
  const agent = await startAgent(t, {
    args: ['--in', input, '--out', output, '--bin', 'cat'],
    env: { OUTPUT_FORMAT: 'raw' },
  })
  const memory = watchPeak(t, agent.pid)
  assert.equal((await agent.exit()).code, 0)
  assert.equal(await digestOf(output), written)
  t.diagnostic(`peak ${memory.peakMiB} MiB`)
  assert.ok(memory.peakMiB > 20 && memory.peakMiB < 300, `peak ${memory.peakMiB} MiB`)
})

/** Lines of all lengths and bytes, NUL included; gives their digest. */
async function fill(path: string, size: number): Promise<string> {
  const next = random(7)
  const hash = createHash('sha256')
  const noise = Buffer.from(Uint32Array.from({ length: 1 << 16 }, () => next() * 2 ** 32).buffer)
  for (let i = 0; i < noise.length; i++) if (noise[i] === 10) noise[i] = 11
  const file = createWriteStream(path)
  for (let left = size; left > 0;) {
    const length = Math.min(left, 1 + Math.floor(100_000 ** next()))
    const start = Math.floor(next() * (noise.length - length))
    const line = Buffer.concat([noise.subarray(start, start + length - 1), Buffer.from('\n')])
    hash.update(line)
    if (!file.write(line)) await once(file, 'drain')
    left -= length
  }
  file.end()
  await once(file, 'finish')
  return hash.digest('hex')
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

for (const [what, bin, ...args] of [
  ['copies an endless input', 'cat'],
  ['never stops printing', 'sh', '-c', 'while echo line; do :; done'],
  ['ignores EOF, SIGTERM and SIGPIPE', 'sh', '-c', 'trap "" TERM PIPE; while :; do echo line || sleep 0.1; done'],
] as const) {
  test(`a reader that leaves ends the agent, though the Calculator ${what}`, { timeout: 180_000 }, async (t) => {
    const agent = await startAgent(t, {
      under: ['bash', '-c', 'yes | "$@" | head -n 1; exit "${PIPESTATUS[1]}"', 'bash'],
      args: ['--in', '-', '--out', '-', ...calculatorWords([bin, ...args])],
      // Nothing is drained: no answer can be stored any more.
      env: { OUTPUT_FORMAT: 'raw', ADOPTION_GRACEPERIOD: '1h' },
    })
    assert.deepEqual(await agent.exit(), { code: 69, signal: null })
    const failed = agent.log.find(({ event }) => event === 'agent.failed')
    assert.match(String(failed?.msg), /cannot write stdout/)
    assert.doesNotMatch(agent.stderr, /^\s+at /m)
  })
}

for (const [what, env, args, code] of [
  ['with files', {}, ['--in', '/dev/null', '--out', '/dev/null'], 0],
  ['with Kafka', { NODE_ID: 'e2e', KAFKA_DSN: '127.0.0.1:1', KAFKA_WAIT: '1s', INPUT_TOPICS: 'a' }, [], 69],
] as const) {
  test(`stdin is not read unless asked, ${what}`, async (t) => {
    const agent = await startAgent(t, {
      under: ['sh', '-c', 'echo precious | { "$@" >&2; echo $?; cat; }', 'sh'],
      args: [...args, '--bin', 'cat'],
      env,
    })
    await agent.exit()
    assert.equal(agent.stdout, `${code}\nprecious\n`)
  })
}

test('an input that cannot be read on ends the agent, and says why', { timeout: 180_000 }, async (t) => {
  const agent = await startAgent(t, { args: ['--in', '/proc/self/mem', '--out', '-', '--bin', 'cat'] })
  assert.deepEqual(await agent.exit(), { code: 69, signal: null })
  const failed = agent.log.find(({ event }) => event === 'agent.failed')
  assert.match(String(failed?.msg), /^cannot read \/proc\/self\/mem after line 0: EIO/)
})

test('SIGTERM in the middle of the input ends the agent with 0', { timeout: 180_000 }, async (t) => {
  const agent = await startAgent(t, {
    stdin: 'pipe',
    args: ['--in', '-', '--out', '-', '--bin', 'cat'],
    env: { OUTPUT_FORMAT: 'raw' },
  })
  agent.process.stdin?.write('one\ntw')
  while (agent.stdout !== 'one\n') await once(agent.process.stdout ?? agent.process, 'data')
  assert.equal(await agent.stop(), 0)
  assert.equal(agent.stdout, 'one\n')
})
