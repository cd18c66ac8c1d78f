// Dead letters of a real agent, sent back by the same binary after the cure.
import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'

const start = (t: TestContext, env: Readonly<Record<string, string>>, ...words: string[]): Promise<TestAgent> =>
  startAgent(t, { args: ['dlq', ...words], env })

async function run(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  ...words: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = await start(t, env, ...words)
  const { code } = await command.exit()
  return { code, stdout: command.stdout, stderr: command.stderr }
}

test('what an agent refused is looked at, sent back, and answered after the cure', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group, deadLetters } = await streamTopics(kafka)
  const values = ['before', 'two\nlines', 'after', 'three\nmore\nlines']
  await kafka.produce(
    input,
    values.map((value, i) => ({ value, key: `key ${i}`, headers: { from: `${i}` } })),
  )
  const stream = { input, output, group, calculator: ['cat'] } as const
  const refusing = await startStream(t, kafka, { ...stream, env: { DEAD_LETTER_TOPIC: deadLetters } })
  await noLag(kafka, group, input)
  assert.equal(await refusing.stop(), 0)

  const env = { KAFKA_DSN: kafka.broker, DEAD_LETTER_TOPIC: deadLetters }
  const listed = await run(t, env, 'ls')
  assert.deepEqual([listed.code, listed.stderr], [0, ''])
  assert.match(listed.stdout, /^raw-newline +2 letters/m)
  assert.ok(!listed.stdout.includes('\u001b'))
  const asked = await run(t, env, 'replay')
  assert.deepEqual([asked.code, asked.stdout], [64, ''])
  assert.match(asked.stderr, /say --yes/)
  const replayed = await run(t, env, 'replay', '--yes')
  assert.deepEqual(replayed, { code: 0, stdout: `2 letters of ${deadLetters} sent: 2 to ${input}\n`, stderr: '' })
  assert.match((await run(t, env, 'replay', '--yes')).stdout, /^2 letters replayed before/)

  const cure = { DEAD_LETTER_TOPIC: deadLetters, INPUT_NEWLINES: 'escape' }
  const cured = await startStream(t, kafka, { ...stream, env: cure })
  await noLag(kafka, group, input)
  assert.equal(await cured.stop(), 0)
  assert.deepEqual((await kafka.readTopic(output)).map(({ value }) => String(value)).sort(), [
    'after',
    'before',
    'three\\nmore\\nlines',
    'two\\nlines',
  ])
})

test('Ctrl-C ends a command that waits, and wrong configuration is told', { timeout: 180_000 }, async (t) => {
  const met = Promise.withResolvers<undefined>()
  const silent = createServer(() => met.resolve(undefined))
  t.after(() => silent.close())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const waiting = await start(t, { KAFKA_DSN: `127.0.0.1:${port}` }, 'ls', '--topic', 'dead')
  await met.promise
  waiting.signal('SIGINT')
  assert.equal((await waiting.exit()).code, 130)
  const wrong = await run(t, { KAFKA_DSN: '127.0.0.1:1' }, 'ls')
  assert.equal(wrong.code, 78)
  assert.match(wrong.stderr, /DEAD_LETTER_TOPIC is needed/)
})
