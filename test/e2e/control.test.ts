// The control channel: the examples, and what a Calculator's messages change.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples', 'control')
const limit = { timeout: 180_000 }

interface Local {
  readonly agent: TestAgent
  readonly folder: string
  readonly output: () => string
  readonly letters: () => Letter[]
}

interface Letter {
  readonly reason: string
  readonly facts: Readonly<Record<string, string>>
  readonly value: string
}

/** The Calculator between two files; its last argument is a folder of its own. */
async function onFiles(
  t: TestContext,
  input: string,
  [bin, ...words]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<Local> {
  const folder = tempDir(t)
  const [from, to] = [join(folder, 'in'), join(folder, 'out')]
  writeFileSync(from, input)
  const args = [...words, folder].flatMap((arg) => ['--arg', arg])
  const agent = await startAgent(t, {
    args: ['--in', from, '--out', to, '--bin', bin, ...args],
    env: { PROTOCOL: 'one-to-one', OUTPUT_FORMAT: 'raw', EXIT_ON: 'exit', ...env },
  })
  const lines = (): string[] => readFileSync(`${to}.dead-letter`, 'utf8').split('\n').filter(Boolean)
  return {
    agent,
    folder,
    output: () => readFileSync(to, 'utf8'),
    letters: () => lines().map((line) => JSON.parse(line) as Letter),
  }
}

const sh = (script: string): readonly [string, ...string[]] => ['sh', '-c', script, 'sh']

for (const language of ['py', 'sh'] as const) {
  test(`refuse.${language}: a refused record is a dead letter with what the Calculator said`, limit, async (t) => {
    const program = join(examples, `refuse.${language}`)
    const { agent, output, letters } = await onFiles(t, '1\nx\n3\n', [program], { CHILD_CONTROL: 'ready' })
    assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
    assert.equal(output(), '2\n6\n')
    const [letter, ...more] = letters()
    assert.deepEqual(more, [])
    assert.deepEqual([letter?.reason, letter?.facts['said'], letter?.value], ['nack', 'not a number', 'x'])
  })

  test(`keep.${language}: a sink's records are committed as it acknowledges them`, limit, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const values = ['one', 'two', 'three', 'four', 'five']
    await kafka.produce(
      input,
      values.map((value) => ({ value })),
    )
    const kept = join(tempDir(t), 'kept')
    const calculator = [join(examples, `keep.${language}`), kept] as const
    const agent = await startStream(t, kafka, {
      input,
      output,
      group,
      calculator,
      env: { PROTOCOL: 'sink', CHILD_CONTROL: 'ack' },
    })
    const certain = language === 'py' ? 4 : 5
    await waitFor(`${certain} commits`, async () => (await kafka.committed(group, input))[0] === certain)
    assert.equal(await agent.stop(), 0)
    assert.equal(readFileSync(kept, 'utf8'), values.map((value) => `${value}\n`).join(''))
    assert.equal(await kafka.lag(group, input), 0)
  })
}

test('notify.py: sd_notify does the same', limit, async (t) => {
  const env = { CHILD_CONTROL: 'ready,notify', ANSWER_TIMEOUT: '20s' }
  const { agent, output } = await onFiles(t, 'a\nabc\n', [join(examples, 'notify.py')], env)
  assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
  assert.equal(output(), '1\n3\n')
  const events = agent.log.map(({ event }) => event)
  assert.ok(events.indexOf('process.running') > events.indexOf('stream.state'), 'RUNNING after its first words')
  assert.equal(events.includes('stream.control-problem'), false)
})

test('nothing is fed before it is ready; /status, /metrics and the log show what it says', limit, async (t) => {
  const script = `
    echo '{"type":"metric","name":"depth","value":2.5}' >&3
    echo '{"type":"metric","name":"hits","kind":"counter","value":2}' >&3
    echo '{"type":"metric","name":"hits_total","kind":"counter","value":1}' >&3
    echo '{"type":"log","level":"warn","msg":"cold cache","size":3}' >&3
    echo nonsense >&3; echo '{"type":"reday"}' >&3
    echo '{"type":"heartbeat"}' >&3
    echo '{"type":"state","text":"loading"}' >&3
    until [ -e "$1/go" ]; do sleep 0.05; done
    echo '{"type":"ready"}' >&3
    exec cat`
  const { agent, folder, output } = await onFiles(t, 'a\nb\n', sh(script), { CHILD_CONTROL: 'ready', EXIT_ON: 'never' })
  const { processes, streams } = await agent.waitForStatus(
    'it to load',
    (s) => s.streams[0]?.control?.state === 'loading',
  )
  assert.equal(processes[0]?.state, 'STARTING')
  assert.equal(streams[0]?.control?.ready, false)
  assert.notEqual(streams[0].control.heartbeatAgeMs, null)
  assert.equal((await agent.get('/readyz')).status, 503)
  const text = await (await agent.get('/metrics')).text()
  assert.match(
    text,
    /^# TYPE pidpiper_calculator_depth gauge\npidpiper_calculator_depth\{process="calculator"\} 2\.5$/m,
  )
  assert.match(text, /^pidpiper_calculator_hits_total\{process="calculator"\} 3$/m)
  assert.match(text, /^pidpiper_control_problems_total\{process="calculator"\} 2$/m)
  writeFileSync(join(folder, 'go'), '')
  assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
  assert.equal(output(), 'a\nb\n')
  const logged = await agent.waitForEvent('process.control')
  assert.deepEqual([logged.level, logged.msg, logged['size'], logged['stream']], ['warn', 'cold cache', 3, 'control'])
  const problems = agent.log.filter(({ event }) => event === 'stream.control-problem')
  assert.equal(problems.length, 1, 'one warning for many bad lines')
  assert.match(problems[0]?.msg ?? '', /control channel: a line that is no JSON/)
})

test('a record refused for now is handed over again, after those that wait, and not for ever', limit, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group, deadLetters } = await streamTopics(kafka)
  await kafka.createTopic(1, { name: deadLetters })
  // `later` is refused once, `never` each time.
  const script = `n=0; while IFS= read -r line; do n=$((n+1))
    case $line in
      never) refused=yes ;;
      later) if [ -e "$1" ]; then refused=no; else refused=yes; : >"$1"; fi ;;
      *) refused=no ;;
    esac
    [ $refused = no ] || echo "{\\"type\\":\\"nack\\",\\"record\\":$n,\\"reason\\":\\"busy\\",\\"retry\\":true}" >&3
    echo "$line"
  done`
  await kafka.produce(
    input,
    ['a', 'later', 'never', 'b'].map((value) => ({ value })),
  )
  const calculator = ['sh', '-c', script, 'sh', join(tempDir(t), 'seen')] as const
  const env = { PROTOCOL: 'one-to-one', DEAD_LETTER_TOPIC: deadLetters }
  const agent = await startStream(t, kafka, { input, output, group, calculator, env })
  await noLag(kafka, group, input)
  const stored = (await kafka.readTopic(output)).map(({ value }) => String(value))
  assert.deepEqual(stored, ['a', 'b', 'later'])
  const letters = await kafka.readTopic(deadLetters)
  assert.deepEqual(
    letters.map(({ value, headers }) => [value, headers['x-dlq-attempts'], headers['x-dlq-said']].map(String)),
    [['never', '3', 'busy']],
  )
  assert.equal(await agent.stop(), 0)
})

test('CHILD_CONTROL=none gives no channel', limit, async (t) => {
  const script = 'echo "${BDZ_CONTROL_FD-none} $BDZ_ATTEMPT"; [ -e /proc/self/fd/3 ] && echo open; exec cat'
  const { agent, output } = await onFiles(t, '', sh(script), { CHILD_CONTROL: 'none', PROTOCOL: 'relay' })
  assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
  assert.equal(output(), 'none 1\n')
})
