// What cannot be a line, or cannot be sent as it should: to the dead-letter topic, with its reason, and committed.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka, type ReadRecord, type TestRecord } from '../support/kafka.ts'

const PROTOCOLS = ['relay', 'one-to-one'] as const

interface Outcome {
  readonly input: string
  readonly answers: ReadRecord[]
  readonly letters: ReadRecord[]
  readonly counted: Readonly<Record<string, number>>
}

/** Runs `records` through `python` with one partition everywhere, until nothing is left to commit. */
async function outcome(
  t: TestContext,
  python: string,
  records: readonly TestRecord[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const kafka = new TestKafka(t)
  const { input, output, group, deadLetters } = await streamTopics(kafka)
  await kafka.produce(input, records)
  const agent = await startStream(t, kafka, {
    ...{ input, output, group, calculator: ['python3', '-c', python] },
    env: { ...env, DEAD_LETTER_TOPIC: deadLetters },
  })
  await noLag(kafka, group, input)
  const { streams } = await agent.status()
  assert.equal(await agent.stop(), 0)
  const [answers, letters] = [await kafka.readTopic(output), await kafka.readTopic(deadLetters)]
  return { input, answers, letters, counted: streams[0]?.counters.deadLetters ?? {} }
}

const header = ({ headers }: ReadRecord, name: string): string => String(headers[name])
const numbered = (count: number): TestRecord[] =>
  Array.from({ length: count }, (_, i) => ({ value: `${i}`, key: `key ${i}`, headers: { from: `${i}` } }))

const sometimesText = `
import sys
for line in sys.stdin:
    i = int(line)
    print('no json %d' % i if i % 10 == 3 else '{"i": %d}' % i, flush=True)
`

const sometimesLong = `
import sys
for line in sys.stdin:
    i = int(line)
    print(('%d ' % i) + ('x' * 100000 if i % 10 == 3 else 'y' * 1000), flush=True)
`

const echo = `
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
`

for (const protocol of PROTOCOLS) {
  test(`OUTPUT_JSON in ${protocol}: a line that is no JSON is a dead letter`, { timeout: 180_000 }, async (t) => {
    const env = { PROTOCOL: protocol, OUTPUT_FORMAT: 'dataframe', OUTPUT_JSON: 'true' }
    const { input, answers, letters, counted } = await outcome(t, sometimesText, numbered(100), env)
    const data = answers.map(({ value }) => (JSON.parse(String(value)) as { data: { i: number } }).data.i)
    assert.deepEqual(
      data,
      Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 10 !== 3),
    )
    assert.ok(String(answers[0]?.value).includes('"data":{"i": 0}'), 'the bytes of the line stand in the dataframe')
    assert.deepEqual(
      letters.map(({ value }) => String(value)),
      Array.from({ length: 10 }, (_, i) => `no json ${i * 10 + 3}`),
    )
    assert.deepEqual(counted, { 'not-json': 10 })
    for (const [i, letter] of letters.entries()) {
      assert.equal(header(letter, 'x-dlq-reason'), 'not-json')
      if (protocol === 'relay') continue
      const offset = `${i * 10 + 3}`
      assert.equal(String(letter.key), `key ${offset}`)
      assert.equal(header(letter, 'from'), offset)
      assert.equal(header(letter, 'x-dlq-topic'), input)
      assert.equal(header(letter, 'x-dlq-partition'), '0')
      assert.equal(header(letter, 'x-dlq-offset'), offset)
    }
  })

  test(
    `an oversized line in ${protocol} is a dead letter, and the Calculator lives`,
    { timeout: 180_000 },
    async (t) => {
      const env = { PROTOCOL: protocol, MAX_LINE: '64KiB' }
      const { answers, letters, counted } = await outcome(t, sometimesLong, numbered(100), env)
      assert.equal(answers.length, 90)
      assert.deepEqual(
        letters.map(({ value }) => String(value)),
        Array.from({ length: 10 }, (_, i) => `${i * 10 + 3} `.padEnd(1024, 'x')),
      )
      assert.deepEqual(counted, { 'oversized-line': 10 })
      for (const [i, letter] of letters.entries()) {
        assert.equal(header(letter, 'x-dlq-reason'), 'oversized-line')
        assert.equal(header(letter, 'x-dlq-length'), String(100_000 + `${i * 10 + 3} `.length))
        assert.equal(header(letter, 'x-dlq-limit'), '65536')
        if (protocol === 'one-to-one') assert.equal(header(letter, 'x-dlq-offset'), `${i * 10 + 3}`)
      }
    },
  )

  test(`raw newlines in ${protocol}: blanks in JSON, otherwise a dead letter`, { timeout: 180_000 }, async (t) => {
    const pretty = '{\n  "a": [1,\n 2],\r\n\t"b": "a \\n b"\n}\n'
    const broken = 'first\nsecond'
    const inString = '{"a": "x\ny"}'
    const values = ['before', pretty, broken, 'between', 'after', inString]
    const records = values.map((value, i) => ({ value, key: `key ${i}`, headers: { from: `${i}` } }))
    const { input, answers, letters, counted } = await outcome(t, echo, records, { PROTOCOL: protocol })
    assert.deepEqual(
      answers.map(({ value }) => String(value)),
      ['before', pretty.replaceAll('\n', ' '), 'between', 'after'],
    )
    assert.deepEqual(
      letters.map(({ value }) => String(value)),
      [broken, inString],
    )
    assert.deepEqual(counted, { 'raw-newline': 2 })
    for (const [i, letter] of letters.entries()) {
      const offset = ['2', '5'][i] ?? ''
      assert.equal(header(letter, 'x-dlq-reason'), 'raw-newline')
      assert.equal(header(letter, 'x-dlq-topic'), input)
      assert.equal(header(letter, 'x-dlq-offset'), offset)
      assert.equal(header(letter, 'from'), offset)
      assert.equal(String(letter.key), `key ${offset}`)
    }
    if (protocol === 'one-to-one') {
      assert.deepEqual(
        answers.map(({ key }) => String(key)),
        ['key 0', 'key 1', 'key 3', 'key 4'],
      )
    }
  })
}
