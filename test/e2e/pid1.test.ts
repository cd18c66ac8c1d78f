// The agent as PID 1 of a namespace of its own, as in a container: orphans, exit codes, signals.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { startPid1, zombies } from '../fixtures/e2e-pid1.ts'
import { childrenOf, type ProcessFacts } from '../fixtures/e2e-proc.ts'
import { noLag, streamTopics, valuesOf } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { multiset, same } from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'
import { needsBinary } from '../testbed/address.ts'

const orphans = join(import.meta.dirname, '../fixtures/e2e-orphans.sh')

test('200 orphans of the Calculator leave no zombie', { timeout: 180_000 }, async (t) => {
  const container = await startPid1(t, {
    stdin: 'pipe',
    args: ['--in', '-', '--out', '-', '--bin', orphans],
    env: { OUTPUT_FORMAT: 'raw' },
  })
  const { agent, pid } = container
  await agent.calculator()
  const calculator = childrenOf(pid)
  const adopted = (): ProcessFacts[] => childrenOf(pid).filter(({ state }) => state !== 'Z')
  agent.process.stdin?.write('go\n')
  await waitFor('200 orphans with the agent', () => adopted().length === 201)
  assert.equal(calculator.length, 1)
  for (const orphan of adopted()) if (orphan.pid !== calculator[0]?.pid) process.kill(orphan.pid, 'SIGKILL')
  await waitFor('their end', () => adopted().length === 1 && zombies(container).length === 0)
  await waitFor('the answer', () => agent.stdout !== '')
  agent.process.stdin?.end()
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  assert.equal(agent.stdout, 'go\n')
})

for (const [what, script, code] of [
  ['exits with 7', 'read -r line; echo "$line"; exit 7', 7],
  ['is killed by SIGKILL', 'read -r line; echo "$line"; kill -KILL $$', 137],
  ['exits with 0', 'read -r line; echo "$line"; exit 0', 0],
] as const) {
  test(`EXIT_ON=exit: the Calculator ${what}, the agent with ${code}`, { timeout: 180_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    await kafka.produce(input, [{ value: 'a record' }])
    const { agent } = await startPid1(t, {
      args: ['--bin', 'sh', '--arg', '-c', '--arg', script],
      env: { ...stream(kafka, input, output, group), EXIT_ON: 'exit' },
    })
    assert.deepEqual(await agent.exit(), { code, signal: null })
    same(await valuesOf(kafka, output), multiset([Buffer.from('a record')]))
    assert.equal(agent.log.filter(({ event }) => event === 'process.spawned').length, 1)
  })
}

const stream = (kafka: TestKafka, input: string, output: string, group: string): Record<string, string> => ({
  NODE_ID: 'e2e',
  KAFKA_DSN: kafka.broker,
  KAFKA_CONSUMER_GROUP: group,
  INPUT_TOPICS: input,
  OUTPUT_TOPIC: output,
  OUTPUT_FORMAT: 'raw',
})

test('SIGTERM drains; `cat /dev/stdin` reads the pipe by its name', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka, 3)
  const values = Array.from({ length: 5_000 }, (_, i) => Buffer.from(`record ${i}`))
  await kafka.produce(
    input,
    values.map((value) => ({ value })),
  )
  const container = await startPid1(t, {
    args: ['--bin', 'cat', '--arg', '/dev/stdin'],
    // No checkpoint comes by itself in the midst of the run: what is committed, the drain has committed.
    env: { ...stream(kafka, input, output, group), CHECKPOINT_INTERVAL: '1h' },
  })
  const { agent, pid } = container
  await agent.waitForStatus('records', ({ streams }) => (streams[0]?.counters.recordsOut ?? 0) === values.length)
  await kafka.produce(input, [{ value: 'last' }])
  await kafka.waitForRecords(output, values.length + 1)
  process.kill(pid, 'SIGTERM')
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  await noLag(kafka, group, input)
  same(await valuesOf(kafka, output), multiset([...values, Buffer.from('last')]))
  const states = agent.log.flatMap(({ event = '' }) => (/^agent\.|^process\.(stop|exit)/.test(event) ? [event] : []))
  assert.deepEqual(states, [
    ...['agent.started', 'agent.signal', 'agent.draining'],
    ...['process.stopping', 'process.stopped', 'agent.stopped'],
  ])
})

test('NODE_OPTIONS is the Calculator’s, and nothing to the binary', { timeout: 180_000, ...needsBinary }, async (t) => {
  const options = '--require=/no/such/file.js --inspect-brk --max-old-space-size=1'
  const { agent } = await startPid1(t, {
    stdin: 'pipe',
    args: ['--in', '-', '--out', '-', '--bin', 'cat'],
    env: { NODE_OPTIONS: options, OUTPUT_FORMAT: 'raw' },
  })
  const calculator = await waitFor('the Calculator', () => childrenOf(childrenOf(agent.pid)[0]?.pid ?? 0)[0]?.pid)
  assert.match(readFileSync(`/proc/${calculator}/environ`, 'utf8'), new RegExp(`(^|\\0)NODE_OPTIONS=${options}\\0`))
  agent.process.stdin?.write('a line\n')
  while (agent.stdout !== 'a line\n') await once(agent.process.stdout ?? agent.process, 'data')
  agent.process.stdin?.end()
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
})
