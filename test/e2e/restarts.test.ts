// A Calculator that does not come up: how it is started again, and where a person sees it.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { streams, Workspace } from '../fixtures/e2e-consul.ts'
import type { LogLine, TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { Stalls } from '../support/stalls.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/** An agent under Consul whose Calculator is this shell script. */
async function startShell(
  t: TestContext,
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ space: Workspace; agent: TestAgent }> {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  await kafka.produce(input, [{ value: 'one' }])
  await space.publish(streams([input], output, { bin: 'sh', args: ['-c', script] }))
  return { space, agent: await space.start({ KAFKA_CONSUMER_GROUP: kafka.groupId(), ...env }) }
}

/** Resolves with the log line about the failed start of that number in a row. */
const failedStart = (agent: TestAgent, retries: number): Promise<LogLine> =>
  waitFor(`${retries} failed starts`, () =>
    agent.log.find((line) => line.event === 'process.backoff' && line['retries'] === retries),
  )

const DELAYS = [500, 1000, 2000, 4000, 8000]

test('a Calculator that ends at once is restarted for ever, later each time', { concurrency: true }, async (t) => {
  for (const code of [0, 1]) {
    void t.test(`with exit code ${code}`, async (t) => {
      const { space, agent } = await startShell(t, `echo no luck with ${code} >&2; exit ${code}`)
      await failedStart(agent, DELAYS.length + 1)
      const waits = agent.log.flatMap((line) => (line.event === 'process.backoff' ? [line['retryInMs']] : []))
      assert.deepEqual(waits.slice(1, DELAYS.length + 1), DELAYS)
      const { processes } = await agent.status()
      const [last] = processes
      assert.equal(last?.state, 'BACKOFF')
      assert.equal(last.crashLoop, true)
      assert.deepEqual([last.exit?.code, last.exit?.signal], [code, null])
      const { Output } = await space.waitForCheck('calculator', 'critical', /6 failed starts in a row/)
      assert.match(Output, /^calculator BACKOFF, crash loop, 6 failed starts in a row, next start in [1-8]\.\d s/)
      assert.ok(Output.endsWith(`no luck with ${code}`), Output)
      const ready = await agent.get('/readyz')
      assert.equal(ready.status, 503)
      assert.match(await ready.text(), /crash loop/)
      assert.ok(agent.log.every(({ event }) => event !== 'process.fatal'))
      assert.ok(last.restarts >= 5)
      assert.equal(await agent.stop(), 0)
    })
  }
  await t.test('also when each run lasts longer than CALCULATOR_STARTSECS, but does nothing', async (t) => {
    const go = join(tempDir(t), 'go')
    const { space, agent } = await startShell(t, `until rm '${go}' 2>&-; do sleep 0.05; done; exit 1`)
    for (let retries = 0; retries <= 4; retries++) {
      if (retries > 0) writeFileSync(go, '')
      await agent.waitForStatus(
        `RUNNING after ${retries} failed starts`,
        ({ processes: [calculator] }) => calculator?.state === 'RUNNING' && calculator.retries === retries,
      )
      if (retries === 1) assert.equal((await agent.get('/readyz')).status, 200)
    }
    assert.equal((await agent.get('/readyz')).status, 503)
    await space.waitForCheck('calculator', 'critical', /^calculator RUNNING, crash loop/)
    assert.equal(await agent.stop(), 0)
  })
})

/** Beyond the second in which a text alone is pushed once, in ms: the call to Consul, which has stalls that nobody sees. */
const SLACK = 500

/** Ms from what the log line tells to the check that says so, stalls left out. */
async function shownAfter(space: Workspace, stalls: Stalls, told: LogLine, check: RegExp): Promise<number> {
  await space.waitForCheck('calculator', 'critical', check)
  return stalls.elapsed(Date.parse(String(told['time'])))
}

const complaint = 'echo first words >&2; echo cannot open the model >&2; exit 3'

test('FATAL shows in the check within 1 s, with the last words of the Calculator', async (t) => {
  const { space, agent } = await startShell(t, complaint, { CALCULATOR_STARTRETRIES: '1' })
  const stalls = new Stalls(t, agent)
  const fatal = await agent.waitForEvent('process.fatal')
  const took = await shownAfter(space, stalls, fatal, /^calculator FATAL[^]*\ncannot open the model$/)
  assert.ok(took < 1000 + SLACK, `the check said so after ${took} ms`)
  const { processes } = await agent.status()
  assert.equal(processes[0]?.state, 'FATAL')
  assert.equal(processes[0].retries, 2)
  assert.equal((await agent.get('/livez')).status, 200)
  assert.equal((await agent.get('/readyz')).status, 503)
  assert.equal(await agent.stop(), 0)
})

test('a crash loop shows in the check within 1 s of the fourth failed start, with the last words', async (t) => {
  const { space, agent } = await startShell(t, complaint)
  const stalls = new Stalls(t, agent)
  const fourth = await failedStart(agent, 4)
  const took = await shownAfter(space, stalls, fourth, /^calculator BACKOFF, crash loop[^]*\ncannot open the model$/)
  assert.ok(took < 1000 + SLACK, `the check said so after ${took} ms`)
  assert.equal(await agent.stop(), 0)
})
