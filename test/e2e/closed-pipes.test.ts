// A Calculator that closes a pipe and lives on: it is told, and nothing counts as done that it did not get, or answer.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/** Answers what its first read brings; from then on the kernel shows that it waits for something, and not for what. */
const deaf = `
const { readSync, writeSync, closeSync } = require('node:fs')
const lines = Buffer.alloc(100)
writeSync(1, lines.subarray(0, readSync(0, lines)))
closeSync(0)
setInterval(() => {}, 1e6)
`

test(
  'relay: without stdin it is not ready, and what it did not get is the next one’s',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const calculator = [process.execPath, '-e', deaf] as const
    // Long enough for two looks at what is wrong, before it is mended.
    const agent = await startStream(t, kafka, { input, output, group, calculator, env: { ANSWER_TIMEOUT: '8s' } })
    await kafka.produce(input, [{ value: 'first' }])
    await waitFor('the first is committed', async () => (await kafka.committed(group, input))[0] === 1)
    await kafka.produce(input, [{ value: 'second' }])
    await agent.waitForStatus('the closed stdin', ({ streams }) => streams[0]?.stdinClosed === true)
    const answer = await agent.get('/readyz')
    assert.deepEqual([answer.status, /closed its stdin/.test(await answer.text())], [503, true])
    await kafka.waitForRecords(output, 2)
    assert.deepEqual(
      (await kafka.readTopic(output)).map(({ value }) => value?.toString()),
      ['first', 'second'],
    )
    await waitFor('it is ready', async () => (await agent.get('/readyz')).status === 200)
    assert.equal(await agent.stop(), 0)
  },
)

/** The first of its kind closes stdout and reads on; others answer. */
const mute = `
const { writeFileSync, closeSync, existsSync } = require('node:fs')
const [, seen] = process.argv
process.stdin.resume()
if (existsSync(seen)) process.stdin.on('data', (lines) => process.stdout.write(lines))
else process.stdin.once('data', () => (closeSync(1), writeFileSync(seen, '')))
`

test(
  'relay: what one without stdout read is read again by the one that takes its place',
  { timeout: 180_000 },
  async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const calculator = [process.execPath, '-e', mute, join(tempDir(t), 'seen')] as const
    const agent = await startStream(t, kafka, { input, output, group, calculator })
    await kafka.produce(input, [{ value: 'first' }])
    await agent.waitForStatus('the violation', ({ streams }) => streams[0]?.counters.violations === 1)
    assert.equal((await kafka.committed(group, input))[0] ?? 0, 0)
    await waitFor('the first is committed', async () => (await kafka.committed(group, input))[0] === 1)
    assert.deepEqual(
      (await kafka.readTopic(output)).map(({ value }) => value?.toString()),
      ['first'],
    )
    assert.equal(await agent.stop(), 0)
  },
)
