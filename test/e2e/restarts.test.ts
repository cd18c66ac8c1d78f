// A Calculator that does not come up: how it is started again, and where a person sees it.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { ProcessSnapshot } from '../../src/engine/snapshot.ts'
import { duration, streams, Workspace } from '../fixtures/e2e-consul.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'

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

/** Looks at /status until that many starts in a row have failed; the longest wait seen after each number of them. */
async function failedStarts(
  agent: TestAgent,
  retries: number,
): Promise<{ waits: readonly number[]; last: ProcessSnapshot }> {
  const waits: number[] = []
  const { processes } = await agent.waitForStatus(`${retries} failed starts`, ({ processes: [calculator] }) => {
    if (calculator === undefined) return false
    waits[calculator.retries] = Math.max(waits[calculator.retries] ?? 0, calculator.retryInMs ?? 0)
    return calculator.retries >= retries && calculator.retryInMs !== null
  })
  const [last] = processes
  assert.ok(last)
  return { waits, last }
}

const DELAYS = [500, 1000, 2000, 4000, 8000]

test('a Calculator that ends at once is restarted for ever, later each time', { concurrency: true }, async (t) => {
  for (const code of [0, 1]) {
    void t.test(`with exit code ${code}`, async (t) => {
      const { space, agent } = await startShell(t, `echo no luck with ${code} >&2; exit ${code}`)
      const { waits, last } = await failedStarts(agent, DELAYS.length + 1)
      for (const [index, delay] of DELAYS.entries()) {
        const seen = waits[index + 2] ?? 0
        assert.ok(
          seen <= delay && seen > delay - 400,
          `after ${index + 2} failed starts the next was due in ${seen} ms`,
        )
      }
      assert.equal(last.state, 'BACKOFF')
      assert.equal(last.crashLoop, true)
      assert.deepEqual([last.exit?.code, last.exit?.signal], [code, null])
      const { Output } = await space.waitForCheck('calculator', 'critical', /6 failed starts in a row/)
      assert.match(Output, /^calculator BACKOFF, crash loop, 6 failed starts in a row, next start in [78]\.\d s/)
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
    const { space, agent } = await startShell(t, 'sleep 1.2; exit 1')
    const isUp = (retries: number): Promise<unknown> =>
      agent.waitForStatus(
        `RUNNING after ${retries} failed starts`,
        ({ processes: [calculator] }) => calculator?.state === 'RUNNING' && calculator.retries === retries,
      )
    await isUp(1)
    assert.equal((await agent.get('/readyz')).status, 200)
    await isUp(4)
    assert.equal((await agent.get('/readyz')).status, 503)
    await space.waitForCheck('calculator', 'critical', /^calculator RUNNING, crash loop/)
    assert.equal(await agent.stop(), 0)
  })
})

/** Ms from the log line to the check that says so. */
async function shownAfter(space: Workspace, agent: TestAgent, event: string, check: RegExp): Promise<number> {
  await agent.waitForEvent(event)
  return duration(() => space.waitForCheck('calculator', 'critical', check, 3000))
}

const complaint = 'echo first words >&2; echo cannot open the model >&2; exit 3'

test('FATAL shows in the check within 1 s, with the last words of the Calculator', async (t) => {
  const { space, agent } = await startShell(t, complaint, { CALCULATOR_STARTRETRIES: '1' })
  const took = await shownAfter(space, agent, 'process.fatal', /^calculator FATAL[^]*\ncannot open the model$/)
  assert.ok(took < 1000, `the check said so after ${took} ms`)
  const { processes } = await agent.status()
  assert.equal(processes[0]?.state, 'FATAL')
  assert.equal(processes[0].retries, 2)
  assert.equal((await agent.get('/livez')).status, 200)
  assert.equal((await agent.get('/readyz')).status, 503)
  assert.equal(await agent.stop(), 0)
})

test('a crash loop shows in the check within 1 s of the fourth failed start, with the last words', async (t) => {
  const { space, agent } = await startShell(t, complaint)
  await agent.waitForStatus('four failed starts', ({ processes: [calculator] }) => calculator?.retries === 4)
  const took = await duration(() =>
    space.waitForCheck('calculator', 'critical', /^calculator BACKOFF, crash loop[^]*\ncannot open the model$/, 3000),
  )
  assert.ok(took < 1000, `the check said so after ${took} ms`)
  assert.equal(await agent.stop(), 0)
})
