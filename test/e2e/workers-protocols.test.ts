// WORKERS=3 under every protocol: one of them is killed again and again while records flow. Nothing is missing, no
// record is blamed for it, and the order is kept where it is promised.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { keyedFeed, KEYS } from '../fixtures/e2e-keyed-feed.ts'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { TestKafka, type ReadRecord } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const FED = 100
const PARTITIONS = 4
const KILLS = 2
const SECOND = 1

/** Answers in pairs, the second record first; after a third of a second with one alone, that one. */
const keyed = `
import json, os, select, sys
waiting = []
def answer():
    while waiting:
        record = json.loads(waiting.pop())
        print(json.dumps({'id': record['id'], 'data': os.environ['BDZ_LANE'] + ' ' + record['data']}), flush=True)
while True:
    ready = select.select([0], [], [], 0.3)[0]
    if not ready:
        answer()
        continue
    line = b''
    while not line.endswith(b'\\n'):
        byte = os.read(0, 1)
        if not byte: sys.exit(0)
        line += byte
    waiting.append(line)
    if len(waiting) == 2: answer()
`
const many = `
import os, sys, time
for line in sys.stdin:
    time.sleep(0.002)
    for part in 'ab':
        print(os.environ['BDZ_LANE'] + ' ' + line.strip() + ' ' + part, flush=True)
    print('', flush=True)
`
const sink = (folder: string): string => `
import os, sys, time
with open('${folder}/' + os.environ['BDZ_LANE'] + '-' + str(os.getpid()), 'w') as kept:
    for line in sys.stdin:
        time.sleep(0.001)
        kept.write(line)
        kept.flush()
        print('kept ' + line, end='', flush=True)
`
const batch = `
import os, sys, time
for line in sys.stdin.readlines():
    time.sleep(0.002)
    print(os.environ['BDZ_LANE'] + ' ' + line, end='', flush=True)
`

const relay = `
import os, sys, time
for line in sys.stdin:
    time.sleep(0.001)
    print(os.environ['BDZ_LANE'] + ' ' + line, end='', flush=True)
`
/** Writes down the last number that it has printed; ends with the agent. */
const source = (folder: string): string => `
import os, time
who = os.environ['BDZ_LANE'] + ' ' + str(os.getpid())
note = os.open('${folder}/' + who, os.O_WRONLY | os.O_CREAT)
number = 0
while True:
    print(who, number, flush=True)
    os.pwrite(note, b'%12d' % number, 0)
    number += 1
    time.sleep(0.002)
`

/** How the second worker ended when it was not asked to, by pid. */
const endsOf = ({ log }: TestAgent): Map<unknown, unknown> =>
  new Map(
    log
      .filter(({ event, process: name }) => event === 'process.exited' && name === 'calculator:calculator_01')
      .map((line) => [line['pid'], line['signal']]),
  )

/** Kills the second worker, whoever it is by then, some times, with records between. */
async function killAgainAndAgain(agent: TestAgent, moved: () => Promise<boolean>): Promise<void> {
  for (let kills = 0; kills < KILLS;) {
    await waitFor('records', moved, { timeout: 60_000, every: 50 })
    const known = endsOf(agent)
    const { processes } = await agent.waitForStatus('the second worker', (status) => {
      const { pid = null, state = '' } = status.processes[SECOND] ?? {}
      return state === 'RUNNING' && !known.has(pid)
    })
    const pid = processes[SECOND]?.pid ?? 0
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      continue
    }
    await waitFor('its end', () => endsOf(agent).has(pid))
    // One of PROTOCOL=batch may just have ended by itself.
    if (endsOf(agent).get(pid) === 'SIGKILL') kills++
  }
}

interface Flow {
  readonly kafka: TestKafka
  readonly agent: TestAgent
  readonly output: string
  /** Records that were fed; all of them are committed, and the agent has left. */
  readonly records: number
}

async function killed(t: TestContext, calculator: string, env: Readonly<Record<string, string>>): Promise<Flow> {
  const kafka = new TestKafka(t)
  const topics = await streamTopics(kafka, PARTITIONS)
  const agent = await startStream(t, kafka, {
    ...{ ...topics, calculator: ['python3', '-c', calculator] },
    env: { WORKERS: '3', DEAD_LETTER_TOPIC: topics.deadLetters, CHECKPOINT_INTERVAL: '500ms', ...env },
  })
  const feed = keyedFeed(t, kafka, topics.input, FED)
  let last = 0
  const moved = async (): Promise<boolean> => {
    const done = (await kafka.committed(topics.group, topics.input)).reduce<number>((a, b) => a + (b ?? 0), 0)
    if (done < last + FED) return false
    last = done
    return true
  }
  await killAgainAndAgain(agent, moved)
  const records = await feed.stop()
  await noLag(kafka, topics.group, topics.input)
  const { streams } = await agent.status()
  for (const { counters } of streams) assert.deepEqual(counters.deadLetters, {})
  assert.equal(await agent.stop(), 0)
  assert.equal((await (await kafka.admin()).listTopics()).includes(topics.deadLetters), false, 'no dead letters')
  t.diagnostic(`${records} records`)
  return { kafka, agent, output: topics.output, records }
}

/** The number of each answer, by its first appearance in each partition of the output. */
const numbered = (list: readonly ReadRecord[]): { key: string; number: number; worker: string; rest: string }[] =>
  list.map(({ key, value }) => {
    const [worker = '', , number = '', rest = ''] = String(value).split(' ')
    return { key: String(key), number: Number(number), worker, rest }
  })

function complete(numbers: Iterable<number>, records: number): void {
  const found = new Set(numbers)
  const missing = Array.from({ length: records }, (_, i) => i).filter((number) => !found.has(number))
  assert.deepEqual(missing, [])
}

test('three workers, of whom one is killed', { concurrency: 3 }, (t) => {
  void t.test('keyed: in any order', { timeout: 300_000 }, async (t) => {
    const { kafka, output, records } = await killed(t, keyed, { PROTOCOL: 'keyed' })
    const answers = numbered(await kafka.readTopic(output))
    complete(
      answers.map(({ number }) => number),
      records,
    )
    for (const { key, number } of answers) assert.equal(key, `key-${number % KEYS}`)
    assert.deepEqual(new Set(answers.map(({ worker }) => worker)), new Set(['0', '1', '2']))
  })

  void t.test('many, by key: whole answers, each key in its order', { timeout: 300_000 }, async (t) => {
    const { kafka, output, records } = await killed(t, many, { PROTOCOL: 'many', WORKERS_BY: 'key' })
    const answers = numbered(await kafka.readTopic(output))
    for (const part of ['a', 'b']) {
      const last = new Map<string, number>()
      const seen = new Set<number>()
      for (const { key, number, rest } of answers) {
        if (rest !== part || seen.has(number)) continue
        seen.add(number)
        assert.ok((last.get(key) ?? -1) < number, `${part} of ${number} is out of order`)
        last.set(key, number)
      }
      complete(seen, records)
    }
  })

  void t.test('sink: everything is kept, in the order of each key', { timeout: 300_000 }, async (t) => {
    const folder = tempDir(t)
    const { kafka, agent, output, records } = await killed(t, sink(folder), { PROTOCOL: 'sink' })
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    complete(
      files.flat().map((line) => Number(line.split(' ')[1])),
      records,
    )
    for (const lines of files) {
      const last = new Map<string, number>()
      for (const line of lines) {
        const [key = '', number = ''] = line.split(' ')
        assert.ok((last.get(key) ?? -1) < Number(number), `${number} is out of order`)
        last.set(key, Number(number))
      }
    }
    assert.deepEqual(await kafka.readTopic(output), [])
    assert.ok(agent.log.some(({ event, msg = '' }) => event === 'process.stdout' && msg.startsWith('kept ')))
  })

  for (const [PROTOCOL, calculator] of [
    ['batch', batch],
    ['relay', relay],
  ] as const) {
    void t.test(`${PROTOCOL}: whoever is killed in the midst of it has it again`, { timeout: 300_000 }, async (t) => {
      const { kafka, output, records } = await killed(t, calculator, { PROTOCOL })
      const answers = numbered(await kafka.readTopic(output))
      complete(
        answers.map(({ number }) => number),
        records,
      )
      assert.deepEqual(new Set(answers.map(({ worker }) => worker)), new Set(['0', '1', '2']))
    })
  }

  void t.test(
    'source: what one printed before it was killed is there, in its order',
    { timeout: 300_000 },
    async (t) => {
      const folder = tempDir(t)
      const kafka = new TestKafka(t)
      const { output, group } = await streamTopics(kafka, 1)
      const agent = await startAgent(t, {
        args: ['--bin', 'python3', '--arg', '-c', '--arg', source(folder)],
        env: {
          ...{ NODE_ID: 'e2e', KAFKA_DSN: kafka.broker, KAFKA_CONSUMER_GROUP: group, OUTPUT_TOPIC: output },
          ...{ OUTPUT_FORMAT: 'raw', PROTOCOL: 'source', WORKERS: '3' },
        },
      })
      let last = 0
      await killAgainAndAgain(agent, async () => {
        const [end = 0] = await kafka.endOffsets(output)
        if (end < last + FED) return false
        last = end
        return true
      })
      assert.equal(await agent.stop(), 0)
      const lines = (await kafka.readTopic(output)).map(({ value }) => String(value))
      const printed = Map.groupBy(lines, (line) => line.slice(0, line.lastIndexOf(' ')))
      assert.deepEqual(new Set([...printed.keys()].map((who) => who[0])), new Set(['0', '1', '2']))
      for (const [who, list] of printed) {
        assert.deepEqual(
          list,
          list.map((_, i) => `${who} ${i}`),
          'without a gap, none twice',
        )
      }
      // What was written down was printed before.
      for (const who of readdirSync(folder)) {
        const noted = readFileSync(join(folder, who), 'utf8')
        const found = printed.get(who)?.length ?? 0
        assert.ok(noted === '' || found > Number(noted), `${who}: ${noted} was printed, ${found} are there`)
      }
    },
  )
})
