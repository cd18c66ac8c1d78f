// Whoever dies, and however: nothing is missing. A Calculator that takes its time makes the runs long enough.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { isLiving } from '../fixtures/e2e-proc.ts'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { nothingMissing } from '../support/records.ts'
import { Stalls } from '../support/stalls.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const RECORDS = 40_000
const PARTITIONS = 3
const KILLS = 20

/** Its arguments: how long it takes for a record, s, and a file: where that is, it takes no time. */
const steady = `
import os, sys, time
for line in sys.stdin:
    if not os.path.exists(sys.argv[2]): time.sleep(float(sys.argv[1]))
    sys.stdout.write(line)
    sys.stdout.flush()
`

/** Adoption 3 s, shutdown 3 s, deregistration 1 s, and half a second for stalls of Python and of the broker. */
const LEAVES_WITHIN = 7500

interface Run {
  readonly kafka: TestKafka
  readonly input: string
  readonly output: string
  readonly group: string
  start(): Promise<TestAgent>
  /** From now on the Calculator takes no time: what was to fall into the run has done so. */
  hurry(): void
}

async function begin(t: TestContext, protocol: string, perRecord: number): Promise<Run> {
  const kafka = new TestKafka(t)
  const topics = await streamTopics(kafka, PARTITIONS)
  await kafka.produce(
    topics.input,
    Array.from({ length: RECORDS }, (_, i) => ({ value: `value ${i}`, key: `${i}`, partition: i % PARTITIONS })),
  )
  const fast = join(tempDir(t), 'fast')
  const start = (): Promise<TestAgent> =>
    startStream(t, kafka, {
      ...topics,
      calculator: ['python3', '-c', steady, String(perRecord), fast],
      env: { PROTOCOL: protocol, KAFKA_SESSION_TIMEOUT: '6s', OUTPUT_PARTITION: 'same', LOG_LEVEL: 'info' },
    })
  return { kafka, ...topics, start, hurry: () => writeFileSync(fast, '') }
}

/** Every value came out at least once; gives the number of duplicates. */
async function complete({ kafka, output }: Run, protocol: string): Promise<number> {
  const answers = await kafka.readTopic(output)
  const expected = Array.from({ length: RECORDS }, (_, i) => Buffer.from(`value ${i}`))
  const duplicates = nothingMissing(
    answers.map(({ value }) => value ?? Buffer.alloc(0)),
    expected,
  )
  if (protocol === 'one-to-one') {
    const first = new Map<number, number>()
    const seen = new Set<string>()
    for (const { partition, key, value } of answers) {
      const i = Number(String(value).slice('value '.length))
      assert.equal(String(key), String(i), 'an answer has the key of its own record')
      assert.equal(partition, i % PARTITIONS)
      if (seen.has(String(value))) continue
      seen.add(String(value))
      assert.ok((first.get(partition) ?? -1) < i, `record ${i} comes after ${first.get(partition) ?? -1}`)
      first.set(partition, i)
    }
  }
  return duplicates
}

/** Nobody has written one: the first would have made the topic. */
async function noDeadLetters({ kafka, output }: Run, agents: readonly TestAgent[]): Promise<void> {
  const letters = agents.flatMap(({ log }) => log).filter(({ event }) => event === 'stream.dead-letter')
  assert.deepEqual(letters, [])
  assert.equal((await (await kafka.admin()).listTopics()).includes(`${output}.dead-letter`), false)
}

const answered = (run: Run, count: number): Promise<void> => run.kafka.waitForRecords(run.output, count, 60_000)

for (const protocol of ['relay', 'one-to-one']) {
  test(
    `${protocol}: kill -9 of the Calculator, ${KILLS} times, up to four a second`,
    { timeout: 300_000 },
    async (t) => {
      const run = await begin(t, protocol, 0.001)
      const agent = await run.start()
      await answered(run, 500)
      const killed = new Set<number>()
      while (killed.size < KILLS) {
        const [{ pid, state } = { pid: null, state: 'STOPPED' }] = (await agent.status()).processes
        assert.notEqual(state, 'FATAL')
        // One that dies before it has done anything is started later each time: Python may take a second to come up.
        if (pid !== null && state === 'RUNNING' && !killed.has(pid)) {
          process.kill(pid, 'SIGKILL')
          killed.add(pid)
        }
        await pause(250)
      }
      assert.notEqual(await run.kafka.lag(run.group, run.input), 0, 'the kills fell into the run')
      run.hurry()
      await noLag(run.kafka, run.group, run.input, 60_000)
      const { processes, streams } = await agent.status()
      assert.equal(processes[0]?.state, 'RUNNING')
      assert.ok(processes[0].restarts >= KILLS, `${processes[0].restarts} restarts`)
      assert.ok((streams[0]?.counters.replays ?? 0) > 0)
      assert.equal(await agent.stop(), 0)
      assert.deepEqual(
        agent.log.filter(({ event }) => event === 'process.fatal'),
        [],
      )
      t.diagnostic(`${await complete(run, protocol)} duplicates after ${processes[0].restarts} restarts`)
    },
  )

  test(`${protocol}: SIGTERM of the agent in the middle, and a second one`, { timeout: 300_000 }, async (t) => {
    // What is in flight has to be done within the drain.
    const run = await begin(t, protocol, 0.0002)
    const first = await run.start()
    await answered(run, RECORDS / 8)
    const took = await new Stalls(t, first).timed(async () => assert.equal(await first.stop(), 0))
    assert.ok(took < LEAVES_WITHIN, `left after ${took.toFixed()} ms`)
    assert.notEqual(await run.kafka.lag(run.group, run.input), 0, 'it was in the middle')
    run.hurry()
    const second = await run.start()
    await noLag(run.kafka, run.group, run.input, 60_000)
    assert.equal(await second.stop(), 0)
    assert.equal(await complete(run, protocol), 0, 'what was drained is not done again')
    await noDeadLetters(run, [first, second])
    t.diagnostic(`left after ${took.toFixed()} ms`)
  })

  test(`${protocol}: SIGKILL of the agent in the middle, and a second one`, { timeout: 300_000 }, async (t) => {
    const run = await begin(t, protocol, 0.001)
    const first = await run.start()
    await answered(run, RECORDS / 40)
    const calculator = await first.calculator()
    first.signal('SIGKILL')
    await first.exit()
    assert.notEqual(await run.kafka.lag(run.group, run.input), 0, 'it was in the middle')
    run.hurry()
    await waitFor('the end of the orphan', () => !isLiving(calculator))
    const second = await run.start()
    await noLag(run.kafka, run.group, run.input, 60_000)
    assert.equal(await second.stop(), 0)
    t.diagnostic(`${await complete(run, protocol)} duplicates`)
  })
}
