// When relay commits: as soon as the Calculator was seen to have finished everything, and never while it works.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { nothingMissing, sameMultiset } from '../support/records.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const fixture = (name: string): string => join(import.meta.dirname, '..', 'fixtures', name)
const values = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from }, (_, i) => Buffer.from(`line ${from + i}`))

interface Case {
  readonly name: string
  readonly calculator: readonly [string, ...string[]]
  /** null: a runtime that keeps house may be seen either way. */
  readonly quality: 'proven' | 'assumed' | null
}

const cases: readonly Case[] = [
  { name: 'cat', calculator: ['cat'], quality: 'proven' },
  { name: 'a Node program', calculator: [process.execPath, fixture('e2e-echo.ts')], quality: 'assumed' },
  { name: 'a Java program', calculator: ['java', fixture('e2e-Echo.java')], quality: null },
  { name: 'sh -c "cat | cat"', calculator: ['sh', '-c', 'cat | cat'], quality: 'assumed' },
]

for (const { name, calculator, quality } of cases) {
  const missing = spawnSync(calculator[0], ['--version'], { stdio: 'ignore' }).error && calculator[0] === 'java'
  const skip = missing ? 'no java in PATH: install a JDK of version 11 or newer' : false
  test(`relay commits for ${name}${quality ? `, ${quality}` : ''}`, { skip, timeout: 180_000 }, (t) =>
    commits(t, calculator, quality),
  )
}

async function commits(t: TestContext, calculator: Case['calculator'], quality: Case['quality']): Promise<void> {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka, 2)
  const agent = await startStream(t, kafka, { input, output, group, calculator })
  // More than once: a trickle commits like a burst.
  for (const [from, to] of [
    [0, 2000],
    [2000, 2001],
    [2001, 3000],
  ] as const) {
    await kafka.produce(
      input,
      values(from, to).map((value) => ({ value })),
    )
    await kafka.waitForRecords(output, to)
    await noLag(kafka, group, input)
  }
  const { streams } = await agent.waitForStatus('no lag', (status) => status.streams[0]?.input.lag === 0)
  const counters = streams[0]?.counters
  assert.ok(counters)
  const { checkpointsProven: proven, checkpointsAssumed: assumed } = counters
  assert.ok(proven + assumed >= 3, `${proven} proven, ${assumed} assumed`)
  if (quality !== null) assert.equal(quality === 'proven' ? assumed : proven, 0, `checkpoints that are not ${quality}`)
  const warnings = agent.log.filter(({ event }) => event === 'stream.checkpoint-assumed')
  assert.equal(warnings.length, assumed > 0 ? 1 : 0)
  for (const { level, msg } of warnings) {
    assert.equal(level, 'warn')
    assert.match(msg ?? '', /PROTOCOL=one-to-one/)
  }
  assert.equal(await agent.stop(), 0)
  sameMultiset(
    (await kafka.readTopic(output)).map(({ value }) => value ?? Buffer.alloc(0)),
    values(0, 3000),
  )
}

/** Its argument: a file, without which it goes on sleeping. */
const sleepy = `
import os, sys, time
for line in sys.stdin:
    print('begun', line, end='', file=sys.stderr, flush=True)
    while not os.path.exists(sys.argv[1]): time.sleep(0.05)
    print(line, end='', flush=True)
`

test(
  'nothing is committed while the Calculator sleeps on it, and kill -9 loses nothing',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const awake = join(tempDir(t), 'awake')
    const calculator = ['python3', '-c', sleepy, awake] as const
    const agent = await startStream(t, kafka, { input, output, group, calculator })
    const begun = (line: string, times: number): Promise<true> =>
      waitFor(`line ${line} begun ${times} times`, () => {
        const seen = agent.log.filter(({ msg }) => msg === `begun ${line}`).length
        return seen >= times
      })
    await kafka.produce(input, [{ value: '0' }])
    await begun('0', 1)
    writeFileSync(awake, '')
    await noLag(kafka, group, input)
    assert.equal((await kafka.readTopic(output)).length, 1, 'committed only after its answer')
    rmSync(awake)
    await kafka.produce(input, [{ value: '1' }, { value: '2' }])
    await begun('1', 1)
    const end = performance.now() + 2500
    while (performance.now() < end) {
      assert.equal((await kafka.committed(group, input))[0], 1, 'a record in work is not committed')
      await pause(100)
    }
    await agent.killCalculator()
    writeFileSync(awake, '')
    await agent.waitForEvent('stream.replay')
    await begun('1', 2)
    await noLag(kafka, group, input)
    assert.equal(await agent.stop(), 0)
    const found = (await kafka.readTopic(output)).map(({ value }) => value ?? Buffer.alloc(0))
    assert.equal(
      nothingMissing(
        found,
        ['0', '1', '2'].map((line) => Buffer.from(line)),
      ),
      0,
      'what was killed unanswered is not there twice',
    )
  },
)
