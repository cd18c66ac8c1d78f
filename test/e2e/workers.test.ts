// WORKERS: several Calculators before one input; one is killed again and again, and the run document makes them more and
// fewer, while records flow.
import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { dealings } from '../../src/domain/stream/dealing.ts'
import type { Snapshot } from '../../src/engine/snapshot.ts'
import { streams, Workspace } from '../fixtures/e2e-consul.ts'
import { keyedFeed } from '../fixtures/e2e-keyed-feed.ts'
import { noLag, startStream } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'

/** Fed at once, about five times a second. */
const FED = 200
const PARTITIONS = 4
const KILLS = 3

/** Copies each line, with the worker's number in front, about a thousand a second. */
const copier = `
import os, sys, time
for line in sys.stdin:
    time.sleep(0.0007)
    print(os.environ['BDZ_LANE'] + ' ' + line, end='', flush=True)
`

const names = (workers: number): string[] =>
  workers === 1 ? ['calculator'] : Array.from({ length: workers }, (_, worker) => `calculator:calculator_0${worker}`)

const areUp =
  (workers: number) =>
  ({ processes, streams: shown }: Snapshot): boolean =>
    processes.length === workers &&
    processes.every(({ state }) => state === 'RUNNING') &&
    shown.map(({ namespec }) => namespec).join() === names(workers).join()

test(
  'by partition and by key: killed, more and fewer; nothing is missing, and the order is kept',
  { concurrency: true },
  (t) => {
    for (const dealing of dealings) {
      void t.test(`by ${dealing}`, { timeout: 300_000 }, async (t) => {
        const kafka = new TestKafka(t)
        const space = new Workspace(t, kafka)
        const [input, output] = [await kafka.createTopic(PARTITIONS), await kafka.createTopic(PARTITIONS)]
        const group = kafka.groupId()
        const document = (workers: number): Parameters<typeof space.publish>[0] =>
          streams([input], output, { bin: 'python3', args: ['-c', copier], protocol: 'one-to-one', workers })

        await space.publish(document(1))
        const agent = await space.start({ KAFKA_CONSUMER_GROUP: group, WORKERS_BY: dealing })
        const feed = keyedFeed(t, kafka, input, FED)
        await kafka.waitForRecords(output, 100)
        await agent.waitForStatus('one worker', areUp(1))

        await space.inForce(agent, await space.publish(document(3)))
        await agent.waitForStatus('three workers', areUp(3))
        const killed = new Set<number>()
        while (killed.size < KILLS) {
          const { processes } = await agent.status()
          const [first, second] = processes
          assert.deepEqual([first?.state, first?.restarts], ['RUNNING', 0], 'the others are not touched')
          if (second?.state === 'RUNNING' && second.pid !== null && !killed.has(second.pid)) {
            process.kill(second.pid, 'SIGKILL')
            killed.add(second.pid)
          }
          await pause(100)
        }
        const { Output } = await space.waitForCheck('calculator', 'passing', /calculator_02 RUNNING/)
        for (const name of names(3)) assert.match(Output, new RegExp(`^${name} RUNNING`, 'm'))
        const metrics = await (await agent.get('/metrics')).text()
        for (const name of names(3)) assert.ok(metrics.includes(`pidpiper_child_up{process="${name}"}`), name)

        await space.inForce(agent, await space.publish(document(2)))
        await agent.waitForStatus('two workers', areUp(2))
        const records = await feed.stop()
        await noLag(kafka, group, input)
        const { streams: shown } = await agent.status()
        const assigned = shown.map((stream) => stream.input.assigned.length)
        assert.deepEqual(assigned, dealing === 'key' ? [PARTITIONS, PARTITIONS] : [PARTITIONS / 2, PARTITIONS / 2])
        assert.equal(await agent.stop(), 0)

        const first = new Map<string, number>()
        const last = new Map<string, number>()
        const workers = new Set<string>()
        let answers = 0
        for (const { partition, key, value } of await kafka.readTopic(output)) {
          answers++
          const [worker = '', name = '', number = ''] = String(value).split(' ')
          workers.add(worker)
          assert.equal(String(key), `key-${name}`, 'an answer has the key of its record')
          if (first.has(number)) continue
          first.set(number, partition)
          // Records of one partition go to one partition: in its order by partition, in that of each key by key.
          const line = dealing === 'key' ? name : String(partition)
          assert.ok((last.get(line) ?? -1) < Number(number), `record ${number} is out of order`)
          last.set(line, Number(number))
        }
        assert.equal(first.size, records, 'nothing is missing')
        assert.deepEqual([...workers].sort(), ['0', '1', '2'])
        t.diagnostic(`${records} records, ${answers - records} answered twice`)
      })
    }
  },
)

test(
  'WORKERS=3 in the environment: each has its number, and is one process of the group',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const [input, output] = [await kafka.createTopic(3), await kafka.createTopic(1)]
    const space = new Workspace(t, kafka)
    const agent = await space.start(
      {
        ...{
          KAFKA_CONSUMER_GROUP: kafka.groupId(),
          INPUT_TOPICS: input,
          OUTPUT_TOPIC: output,
          OUTPUT_FORMAT: 'dataframe',
        },
        ...{ WORKERS: '3', CALCULATOR_GROUP: 'scorers', CONSUL_WAIT: '1s', INSTANCE_ID: 'here' },
      },
      { args: ['--bin', 'python3', '--arg', '-c', '--arg', copier] },
    )
    await agent.waitForStatus(
      'three workers',
      ({ processes }) => processes.filter(({ pid }) => pid !== null).length === 3,
    )
    await kafka.produce(
      input,
      Array.from({ length: 300 }, (_, i) => ({ value: `${i}`, partition: i % 3 })),
    )
    await kafka.waitForRecords(output, 300)
    assert.equal(await agent.stop(), 0)
    const frames = (await kafka.readTopic(output)).map(
      ({ value }) => JSON.parse(String(value)) as Record<string, string>,
    )
    assert.equal(new Set(frames.map(({ id }) => id)).size, 300, 'no two workers give the same id')
    const byWorker = Map.groupBy(frames, ({ data }) => data?.split(' ')[0])
    assert.deepEqual(
      [...byWorker].map(([worker, list]) => [worker, list.length]).sort(),
      [['0', 100], ['1', 100], ['2', 100]], // prettier-ignore
    )
    await waitFor('the log of its end', () => agent.log.some(({ event }) => event === 'agent.stopped'))
    const started = agent.log.filter(({ event }) => event === 'process.running' || event === 'process.starting')
    const processes = new Set(started.map((line) => line['process']))
    assert.deepEqual(processes, new Set(['scorers:calculator_00', 'scorers:calculator_01', 'scorers:calculator_02']))
  },
)

// Ends at once as worker 1, copies as worker 0.
const halfDown = `
import os, sys
if os.environ['BDZ_LANE'] == '1': sys.exit(3)
for line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()
`

test('a worker that never comes up stops nobody else, however much waits for it', { timeout: 180_000 }, async (t) => {
  const kafka = new TestKafka(t)
  const partitions = 16
  const [input, output] = [await kafka.createTopic(partitions), await kafka.createTopic(1)]
  const group = kafka.groupId()
  const value = 'x'.repeat(50_000)
  await kafka.produce(
    input,
    Array.from({ length: 30 * partitions }, (_, i) => ({ value, partition: i % partitions })),
  )
  const env = { WORKERS: '2', PROTOCOL: 'one-to-one', BUFFER_BYTES: '256KiB' }
  const agent = await startStream(t, kafka, { input, output, group, calculator: ['python3', '-c', halfDown], env })
  const done = async (): Promise<boolean> =>
    (await kafka.committed(group, input)).filter((offset) => offset === 30).length === partitions / 2
  await waitFor('everything of worker 0', done)
  const states = ({ processes }: Snapshot): string => processes.map(({ state }) => state).join(' ')
  await agent.waitForStatus('one up, one down', (status) => states(status) === 'RUNNING BACKOFF')
  const ready = await agent.get('/readyz')
  assert.equal(ready.status, 503)
  assert.match(await ready.text(), /calculator_01/)
})
