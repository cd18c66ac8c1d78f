// How the agent ends, and how it comes up where something that it needs is missing.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { endAfter, isLiving, livingGroup } from '../fixtures/e2e-proc.ts'
import { noLag, startStream, streamTopics, valuesOf } from '../fixtures/e2e-stream.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { ownKafka } from '../support/own-kafka.ts'
import { freePort } from '../support/ports.ts'
import { multiset, same } from '../support/records.ts'
import { Stalls } from '../support/stalls.ts'
import { waitFor } from '../support/wait-for.ts'

interface Stream {
  readonly kafka: TestKafka
  readonly agent: TestAgent
  readonly input: string
  readonly output: string
  readonly group: string
}

/** An agent with a shell script as Calculator, which got one record and says on stderr that it has it. */
async function startWith(t: TestContext, script: string, env: Readonly<Record<string, string>> = {}): Promise<Stream> {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka)
  await kafka.produce(input, [{ value: 'record' }])
  const agent = await startStream(t, kafka, { input, output, group, calculator: ['sh', '-c', script], env })
  await waitFor('the record with the Calculator', () => agent.stderr.includes('"msg":"got record"'))
  return { kafka, agent, input, output, group }
}

/** Beyond what is promised, in ms: who else takes part (a shell, the broker) has stalls that nobody sees. */
const SLACK = 500

const got = 'read -r line; echo "got $line" >&2;'

/** From a signal to the end of the agent, in ms, stalls left out; the exit code must be 0. */
async function timeToEnd(t: TestContext, agent: TestAgent, signal: NodeJS.Signals): Promise<number> {
  const took = await new Stalls(t, agent).timed(async () => {
    agent.signal(signal)
    assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  })
  t.diagnostic(`${Math.round(took)} ms`)
  return took
}

/** Nobody who was in the group of the Calculator lives: who was killed is gone once the kernel had time for it. */
const allGone = (calculator: number, members: readonly number[]): Promise<true> =>
  waitFor('the end of all', () => livingGroup(calculator).length + members.filter(isLiving).length === 0)

// Each half of SHUTDOWN_GRACEPERIOD is far longer than the second that the Calculator needs.
const roomy = { ADOPTION_GRACEPERIOD: '1s', SHUTDOWN_GRACEPERIOD: '8s' }

for (const [what, script] of [
  ['the end of its input', `${got} cat; sleep 1; echo "$line and bye"`],
  ['SIGTERM', `trap 'sleep 1; echo "$line and bye"; exit 0' TERM; ${got} cat; while :; do sleep 0.1; done`],
] as const) {
  test(`a Calculator that needs a second after ${what} has it`, { timeout: 180_000 }, async (t) => {
    const { kafka, agent, output } = await startWith(t, script, roomy)
    const took = await timeToEnd(t, agent, 'SIGTERM')
    assert.ok(took < 10_000 + SLACK, `${took} ms`)
    same(await valuesOf(kafka, output), multiset([Buffer.from('record and bye')]))
  })
}

// Grandchildren of three kinds: with the pipes, without them, and orphaned without them.
const stubborn = `
trap '' TERM INT HUP
for i in 1 2 3; do
  (while :; do sleep 1; done) &
  (exec </dev/null >/dev/null 2>&1; while :; do sleep 1; done) &
done
(sh -c "trap '' TERM; while :; do sleep 1; done" </dev/null >/dev/null 2>&1 &)
${got}
while :; do sleep 0.1; done
`

test('a Calculator that ignores EOF and SIGTERM is gone with its group by 7 s', { timeout: 180_000 }, async (t) => {
  const { kafka, agent, input, output, group } = await startWith(t, stubborn)
  const calculator = await agent.calculator()
  const members = livingGroup(calculator)
  assert.ok(members.length >= 8, `${members.length} members`)
  endAfter(t, () => members)
  const took = await timeToEnd(t, agent, 'SIGTERM')
  assert.ok(took < 7_000 + SLACK, `${took} ms`)
  await allGone(calculator, members)
  // Nothing was answered, so nothing is committed: the next agent gets it.
  assert.equal(await kafka.lag(group, input), 1)
  same(await valuesOf(kafka, output), multiset([]))
})

test('stops that have to kill the Calculator never condemn the record it has', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group, deadLetters } = await streamTopics(kafka)
  await kafka.produce(input, [{ value: 'record' }])
  const clocks = { ADOPTION_GRACEPERIOD: '200ms', SHUTDOWN_GRACEPERIOD: '400ms' }
  const env = { ...clocks, PROTOCOL: 'one-to-one', DEAD_LETTER_ATTEMPTS: '1', DEAD_LETTER_TOPIC: deadLetters }
  const deaf = ['sh', '-c', `trap '' TERM INT HUP; ${got} while :; do sleep 0.1; done`] as const
  for (let stop = 1; stop <= 2; stop++) {
    const agent = await startStream(t, kafka, { input, output, group, calculator: deaf, env })
    await waitFor('the record with the Calculator', () => agent.stderr.includes('"msg":"got record"'))
    await timeToEnd(t, agent, 'SIGTERM')
    const stopped = agent.log.find(({ event }) => event === 'process.stopped')
    assert.equal(stopped?.['signal'], 'SIGKILL')
  }
  const agent = await startStream(t, kafka, { input, output, group, calculator: ['cat'], env })
  await noLag(kafka, group, input)
  assert.equal(await agent.stop(), 0)
  same(await valuesOf(kafka, output), multiset([Buffer.from('record')]))
  assert.equal((await (await kafka.admin()).listTopics()).includes(deadLetters), false)
})

test('whom a Calculator leaves behind in its group ends with it', { timeout: 180_000 }, async (t) => {
  const script = `(trap '' TERM; exec sleep 1000 </dev/null >/dev/null 2>&1) & ${got} echo "$line"; cat`
  // A group member that sleeps has work in hand, as far as anybody can see: the drain takes its whole time.
  const { agent } = await startWith(t, script, { ADOPTION_GRACEPERIOD: '500ms' })
  const calculator = await agent.calculator()
  const members = livingGroup(calculator)
  assert.ok(members.length >= 2)
  endAfter(t, () => members)
  const took = await timeToEnd(t, agent, 'SIGTERM')
  assert.ok(took < 3_000 + SLACK, `${took} ms`)
  await allGone(calculator, members)
})

const patient = { ADOPTION_GRACEPERIOD: '10m', SHUTDOWN_GRACEPERIOD: '1s' }
/** Has the record in work for ever, and ends when it is told to. */
const busy = `${got} while :; do sleep 0.1; done`

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`a second ${signal} skips the drain`, { timeout: 180_000 }, async (t) => {
    const { agent } = await startWith(t, busy, patient)
    agent.signal('SIGTERM')
    await agent.waitForStatus('draining', ({ agent: { state } }) => state === 'draining')
    assert.equal((await agent.get('/readyz')).status, 503)
    assert.equal((await agent.get('/livez')).status, 200)
    assert.equal(
      agent.log.some(({ event }) => event === 'process.stopping'),
      false,
    )
    const took = await timeToEnd(t, agent, signal)
    assert.ok(took < 4_000 + SLACK, `${took} ms`)
  })
}

test('SIGQUIT does not drain at all', { timeout: 180_000 }, async (t) => {
  const { kafka, agent, input, group } = await startWith(t, busy, patient)
  const took = await timeToEnd(t, agent, 'SIGQUIT')
  assert.ok(took < 4_000 + SLACK, `${took} ms`)
  assert.equal(await kafka.lag(group, input), 1)
})

test(
  'SIGUSR1 writes the state to the log, SIGUSR2 means nothing, and the agent goes on',
  { timeout: 180_000 },
  async (t) => {
    const { kafka, agent, input, group, output } = await startWith(t, `${got} echo "$line"; cat`)
    agent.signal('SIGUSR2')
    agent.signal('SIGUSR1')
    const state = await agent.waitForEvent('agent.state')
    for (const part of ['agent', 'document', 'processes', 'streams']) assert.ok(part in state, part)
    assert.equal((state['streams'] as { input: { topics: string[] } }[])[0]?.input.topics[0], input)
    assert.equal((state['processes'] as { pid: number }[])[0]?.pid, await agent.calculator())
    await kafka.produce(input, [{ value: 'another' }])
    await noLag(kafka, group, input)
    same(await valuesOf(kafka, output), multiset([Buffer.from('record'), Buffer.from('another')]))
  },
)

/** 69, with one sentence that matches, and nothing like a stack trace. */
async function unavailable(agent: TestAgent, sentence: RegExp): Promise<void> {
  assert.deepEqual(await agent.exit(), { code: 69, signal: null })
  const fatal = agent.log.filter(({ level }) => level === 'fatal').map(({ msg }) => msg)
  assert.equal(fatal.length, 1)
  assert.match(fatal[0] ?? '', sentence)
  assert.doesNotMatch(agent.stderr, /^\s+at |"stack"/m)
}

test('a port in use is 69, by name, and the Calculator is not started', { timeout: 180_000 }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const agent = await startAgent(t, {
    args: ['--in', '/dev/null', '--out', '/dev/null', '--bin', 'cat'],
    env: { HTTP_LISTEN: `127.0.0.1:${port}` },
  })
  await unavailable(agent, new RegExp(`cannot listen on 127.0.0.1:${port}: .*`))
  assert.equal(
    agent.log.some(({ event }) => event === 'process.spawned'),
    false,
  )
})

const settings = { NODE_ID: 'e2e', INPUT_TOPICS: 'in', OUTPUT_TOPIC: 'out', OUTPUT_FORMAT: 'raw' }

test('no broker within KAFKA_WAIT is 69, by name', { timeout: 180_000 }, async (t) => {
  const broker = `127.0.0.1:${await freePort()}`
  const agent = await startAgent(t, {
    args: ['--bin', 'cat'],
    env: { ...settings, KAFKA_DSN: broker, KAFKA_WAIT: '1s' },
  })
  const stalls = new Stalls(t, agent)
  await unavailable(agent, new RegExp(`cannot reach Kafka at ${broker}`))
  const [first = NaN, last = NaN] = [agent.log[0], agent.log.at(-1)].map((line) => Date.parse(String(line?.['time'])))
  // It begins to wait a moment after its first words.
  assert.ok(last - first > 900, `${last - first} ms`)
  assert.ok(stalls.elapsed(first, last) < 5_000 + SLACK, `${last - first} ms`)
})

test(
  'without KAFKA_WAIT the agent waits for its broker, and works once it is there',
  { timeout: 300_000 },
  async (t) => {
    const own = await ownKafka(t)
    const agent = await startAgent(t, { args: ['--bin', 'cat'], env: { ...settings, KAFKA_DSN: own.broker } })
    const warned = (): boolean => agent.log.some(({ level, msg = '' }) => level === 'warn' && /ECONNREFUSED/.test(msg))
    await waitFor('a warning', warned)
    assert.equal((await agent.get('/livez')).status, 200)
    const ready = await agent.get('/readyz')
    assert.equal(ready.status, 503)
    assert.match(await ready.text(), /kafka|input|joined|broker/i)
    const started = await agent.calculator()
    await own.start()
    const kafka = new TestKafka(t, own.broker)
    await kafka.createTopic(1, { name: 'in' })
    await kafka.createTopic(1, { name: 'out' })
    await kafka.produce('in', [{ value: 'late' }])
    await kafka.waitForRecords('out', 1, 60_000)
    await waitFor('readiness', async () => (await agent.get('/readyz')).status === 200)
    assert.equal(await agent.calculator(), started)
    assert.equal(await agent.stop(), 0)
    same(await valuesOf(kafka, 'out'), multiset([Buffer.from('late')]))
  },
)
