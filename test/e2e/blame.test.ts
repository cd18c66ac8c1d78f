// A record that kills every Calculator: found, dead-lettered with what is known of it, and all others delivered.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka, type ReadRecord } from '../support/kafka.ts'
import { nothingMissing } from '../support/records.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 10_000
const POISON = 7_321

/**
 * Arguments: the value that kills it, the exit code, how long it takes to die, s, and a folder, where there is one: it
 * dies only once there is a file `once` (and takes that with it) or `always`.
 */
const touchy = `
import os, sys, time
poison, code, takes = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
def wait(folder):
    while not os.path.exists(folder + '/always'):
        try: return os.unlink(folder + '/once')
        except FileNotFoundError: time.sleep(0.05)
for line in sys.stdin:
    if line.rstrip() == poison:
        time.sleep(takes)
        if sys.argv[4:]: wait(sys.argv[4])
        print('cannot do ' + poison, file=sys.stderr, flush=True)
        os._exit(code)
    sys.stdout.write(line)
    sys.stdout.flush()
`

const calculator = (wait = 0, ...folder: string[]): [string, ...string[]] => [
  ...(['python3', '-c', touchy, `value ${POISON}`, '3', String(wait)] as const),
  ...folder,
]
const header = ({ headers }: ReadRecord, name: string): string => String(headers[`x-dlq-${name}`])
const values = (records: readonly ReadRecord[]): Buffer[] => records.map(({ value }) => value ?? Buffer.alloc(0))
const all = Array.from({ length: RECORDS }, (_, i) => Buffer.from(`value ${i}`))
const innocent = all.filter((_, i) => i !== POISON)

for (const protocol of ['one-to-one', 'relay', 'batch']) {
  test(`${protocol}: a poison record among ${RECORDS}`, { timeout: 300_000 }, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group, deadLetters } = await streamTopics(kafka)
    await kafka.produce(
      input,
      all.map((value, i) => ({ value, key: `key ${i}`, headers: { from: 'here' } })),
    )
    const env = { PROTOCOL: protocol, DEAD_LETTER_TOPIC: deadLetters, CALCULATOR_BACKOFF_MAX: '50ms' }
    const agent = await startStream(t, kafka, { input, output, group, calculator: calculator(), env })
    await noLag(kafka, group, input, 100_000)
    const deaths = agent.log.filter(({ event }) => event === 'process.exited').length
    assert.equal(await agent.stop(), 0)
    const letters = await kafka.readTopic(deadLetters)
    assert.deepEqual(values(letters).map(String), [`value ${POISON}`])
    const [letter] = letters
    assert.ok(letter)
    assert.equal(String(letter.key), `key ${POISON}`)
    assert.equal(String(letter.headers['from']), 'here')
    const facts = ['reason', 'topic', 'partition', 'offset', 'attempts', 'exit-code'].map((name) =>
      header(letter, name),
    )
    assert.deepEqual(facts, ['crash', input, '0', String(POISON), '3', '3'])
    assert.match(header(letter, 'stderr'), /cannot do value 7321$/)
    const found = values(await kafka.readTopic(output))
    assert.ok(!found.map(String).includes(`value ${POISON}`))
    nothingMissing(found, innocent)
    // Halving 10,000 takes 14 deaths at most, and being alone three more.
    if (protocol !== 'batch') assert.ok(deaths <= (protocol === 'relay' ? 17 : 4), `${deaths} deaths`)
  })
}

test(
  'the agent is killed between two attempts: the next one goes on with the count',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group, deadLetters } = await streamTopics(kafka)
    await kafka.produce(input, [{ value: 'value 1' }, { value: `value ${POISON}` }, { value: 'value 2' }])
    const env = {
      ...{ PROTOCOL: 'one-to-one', DEAD_LETTER_TOPIC: deadLetters, DEAD_LETTER_ATTEMPTS: '4' },
      ...{ KAFKA_SESSION_TIMEOUT: '6s', CALCULATOR_BACKOFF_MAX: '100ms' },
    }
    const folder = tempDir(t)
    const start = () => startStream(t, kafka, { input, output, group, calculator: calculator(0, folder), env })
    const first = await start()
    const seen = (what: string): number => first.log.filter(({ event }) => event === what).length
    // Until one of them died alone: the first has company, most likely.
    for (let deaths = 1; seen('stream.suspect') === 0; deaths++) {
      writeFileSync(join(folder, 'once'), '')
      await waitFor('its death, and the next one', () => seen('process.spawned') > deaths)
    }
    // The log tells of the death a moment before it is written down.
    const isNoted = async (): Promise<boolean> => {
      const topics = await (await kafka.admin()).fetchOffsets({ groupId: group, topics: [input] })
      return topics.some(({ partitions }) => partitions.some(({ metadata }) => (metadata ?? '') !== ''))
    }
    await waitFor('the count of deaths', isNoted, { every: 10 })
    first.signal('SIGKILL')
    await first.exit()
    assert.equal(seen('stream.suspect'), 1)
    writeFileSync(join(folder, 'always'), '')
    const second = await start()
    await noLag(kafka, group, input)
    const alone = second.log.filter(({ event }) => event === 'stream.suspect' || event === 'stream.condemned')
    assert.equal(await second.stop(), 0)
    // One death alone was seen by the first agent; the try that was cut short, or about to begin, counts too.
    assert.ok(alone.length >= 2 && alone.length <= 3, JSON.stringify(alone))
    assert.equal(alone.filter(({ event }) => event === 'stream.condemned').length, 1)
    const letters = await kafka.readTopic(deadLetters)
    assert.deepEqual(values(letters).map(String), [`value ${POISON}`])
    nothingMissing(values(await kafka.readTopic(output)), [Buffer.from('value 1'), Buffer.from('value 2')])
  },
)

test('ANSWER_TIMEOUT: a record that is never answered hangs no partition', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group, deadLetters } = await streamTopics(kafka)
  await kafka.produce(input, [{ value: 'value 1' }, { value: `value ${POISON}` }, { value: 'value 2' }])
  const env = {
    ...{ PROTOCOL: 'one-to-one', DEAD_LETTER_TOPIC: deadLetters, ANSWER_TIMEOUT: '5s' },
    ...{ DEAD_LETTER_ATTEMPTS: '1', CALCULATOR_BACKOFF_MAX: '100ms' },
  }
  const agent = await startStream(t, kafka, { input, output, group, calculator: calculator(3600), env })
  await noLag(kafka, group, input)
  assert.equal(await agent.stop(), 0)
  const [letter] = await kafka.readTopic(deadLetters)
  assert.ok(letter)
  assert.deepEqual([header(letter, 'reason'), header(letter, 'signal')], ['no-answer', 'SIGKILL'])
  assert.deepEqual(values(await kafka.readTopic(output)).map(String), ['value 1', 'value 2'])
})

/** Its argument: a file, without which it does not get to the end. */
const steady = `
import os, sys, time
for line in sys.stdin:
    while int(line.split()[1]) >= 1500 and not os.path.exists(sys.argv[1]): time.sleep(0.05)
    time.sleep(0.001)
    print(line, end='', flush=True)
`

test('at-most-once: no record is worked on twice, whoever dies', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka)
  await kafka.produce(
    input,
    all.slice(0, 2000).map((value) => ({ value })),
  )
  const go = join(tempDir(t), 'go')
  const env = { DELIVERY: 'at-most-once' }
  const agent = await startStream(t, kafka, { input, output, group, calculator: ['python3', '-c', steady, go], env })
  for (const count of [100, 300]) {
    await kafka.waitForRecords(output, count)
    await agent.killCalculator()
  }
  writeFileSync(go, '')
  await noLag(kafka, group, input)
  assert.equal(await agent.stop(), 0)
  const found = values(await kafka.readTopic(output)).map(String)
  assert.equal(new Set(found).size, found.length)
  assert.ok(found.length > 300 && found.length < 2000, `${found.length} answers`)
})
