// A file as input, Kafka as output: a run document may change the Kafka side, and what is read once is not lost.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Workspace } from '../fixtures/e2e-consul.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'

const linesOf = (count: number, word: string): string[] =>
  Array.from({ length: count }, (_, index) => (index % 10 === 0 ? `${word} ${index}` : `{"${word}":${index}}`))

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
const json = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('{'))
const noJson = (lines: readonly string[]): string[] => lines.filter((line) => !line.startsWith('{'))

const dataOf = (dataframe: string): string => JSON.stringify((JSON.parse(dataframe) as { data: unknown }).data)

interface Scene {
  readonly kafka: TestKafka
  readonly agent: TestAgent
  /** A dead-letter topic that takes letters is in the document from now on. */
  readonly cure: () => Promise<void>
  readonly letters: () => Promise<string[]>
  /** The data of all records that came out. */
  readonly answers: () => Promise<string[]>
}

/** An agent that reads a file, or else `typed`, whose dead-letter topic takes nothing; letters wait for it. */
async function stuck(t: TestContext, input: string, typed?: string): Promise<Scene> {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [output, topic] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  // Less than the smallest batch of records has.
  const closed = await kafka.createTopic(1, { config: { 'max.message.bytes': '50' } })
  const publish = (deadLetters: string, ...topics: readonly string[]): Promise<number> =>
    space.publish(
      JSON.stringify({
        ...(topics.length > 0 && { input: { topics } }),
        output: { topic: output, format: 'dataframe', json: true },
        deadLetter: { topic: deadLetters },
        calculator: { bin: 'cat' },
      }),
    )
  await publish(closed)
  const agent = await space.start({}, { args: ['--in', input], stdin: 'pipe' })
  if (typed !== undefined) agent.process.stdin?.write(typed)
  const refused = ({ streams }: { streams: unknown }): boolean => JSON.stringify(streams).includes('are refused')
  await agent.waitForStatus('letters that are refused', refused)
  return {
    kafka,
    agent,
    // Topics mean nothing beside a file.
    cure: async () => {
      await publish(topic, 'no-such-topic')
    },
    letters: async () => (await kafka.readTopic(topic)).map(({ value }) => String(value)),
    answers: async () => (await kafka.readTopic(output)).map(({ value }) => dataOf(String(value))),
  }
}

test('letters of a file that is at its end go to the topic of the next document', { timeout: 180_000 }, async (t) => {
  const input = join(tempDir(t), 'in')
  const lines = linesOf(1000, 'one')
  writeFileSync(input, textOf(lines))
  const { agent, cure, letters, answers } = await stuck(t, input)
  await cure()
  assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
  assert.deepEqual(await letters(), noJson(lines))
  assert.deepEqual(await answers(), json(lines), 'their sink is the same: each once')
})

test('what is typed is read on, by the same Calculator', { timeout: 180_000 }, async (t) => {
  const [before, after] = [linesOf(1000, 'one'), linesOf(1000, 'two')]
  const { agent, cure, letters, answers } = await stuck(t, '-', textOf(before))
  const pid = await agent.calculator()
  await cure()
  await agent.waitForEvent('stream.adopted')
  assert.equal(await agent.calculator(), pid)
  agent.process.stdin?.end(textOf(after))
  assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
  assert.deepEqual(await letters(), noJson([...before, ...after]))
  assert.deepEqual(await answers(), json([...before, ...after]), 'their sink is the same: each once')
})
