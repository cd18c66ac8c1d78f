// Tools that nobody wrote for us, each under the protocol that docs/protocols.md recommends for it: every record is
// worked on, every line arrives, everything is committed while the tool lives on.
import assert from 'node:assert/strict'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, test, type TestContext } from 'node:test'
import type { Protocol } from '../../src/domain/stream/settings.ts'
import { noLag, startStream, streamTopics } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { sameMultiset } from '../support/records.ts'

const limit = { timeout: 180_000 }
const VALUES = ['{"v":3,"s":"c error"}', '{"v":1,"s":"a"}', '{"v":2,"s":"b error"}']

interface Tool {
  readonly calculator: readonly [string, ...string[]]
  readonly protocol: Protocol
  readonly env?: Readonly<Record<string, string>>
  readonly prints: readonly string[]
}

const upper = VALUES.map((value) => value.toUpperCase())
const errors = VALUES.filter((value) => value.includes('error'))
/** Neither flushes nor is told to. */
const python = ['python3', '-c', 'import sys\nfor line in sys.stdin: print(line.strip().upper())'] as const
const buffered = { PYTHONUNBUFFERED: '' }

const tools: Readonly<Record<string, Tool>> = {
  'jq --unbuffered': {
    calculator: ['jq', '-c', '--unbuffered', '.v'],
    protocol: 'one-to-one',
    prints: ['3', '1', '2'],
  },
  'jq --unbuffered as a filter': {
    calculator: ['jq', '-c', '--unbuffered', 'select(.v > 1) | .v'],
    protocol: 'relay',
    prints: ['3', '2'],
  },
  'mawk -W interactive': {
    calculator: ['mawk', '-W', 'interactive', '{ print toupper($0) }'],
    protocol: 'one-to-one',
    prints: upper,
  },
  'gawk with fflush()': {
    calculator: ['gawk', '{ print toupper($0); fflush() }'],
    protocol: 'one-to-one',
    prints: upper,
  },
  'sed -u': {
    calculator: ['sed', '-u', 's/"v"/"w"/'],
    protocol: 'one-to-one',
    prints: VALUES.map((value) => value.replace('"v"', '"w"')),
  },
  'grep --line-buffered': { calculator: ['grep', '--line-buffered', 'error'], protocol: 'relay', prints: errors },
  'grep under CHILD_STDOUT=line': {
    calculator: ['grep', 'error'],
    protocol: 'relay',
    env: { CHILD_STDOUT: 'line' },
    prints: errors,
  },
  sort: { calculator: ['sort'], protocol: 'batch', prints: [...VALUES].sort() },
  'tr under CHILD_STDOUT=line': {
    calculator: ['tr', 'a-z', 'A-Z'],
    protocol: 'one-to-one',
    env: { CHILD_STDOUT: 'line' },
    prints: upper,
  },
  'python3 without a flush under CHILD_STDOUT=pty': {
    calculator: python,
    protocol: 'one-to-one',
    env: { CHILD_STDOUT: 'pty', ...buffered },
    prints: upper,
  },
  'python3 without a flush, as it is started': { calculator: python, protocol: 'one-to-one', prints: upper },
  'a fan-out': {
    calculator: ['sh', '-c', 'while read -r line; do for word in $line; do echo "$word"; done; echo; done'],
    protocol: 'many',
    prints: VALUES.flatMap((value) => value.split(' ')),
  },
}

/** Why the tool cannot be tried on this machine, or false. */
function missing(tool: string): string | false {
  const isProgram = (folder: string): boolean => {
    try {
      accessSync(join(folder, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  }
  return (process.env['PATH'] ?? '').split(':').some(isProgram) ? false : `${tool} is not installed`
}

async function works(t: TestContext, { calculator, protocol, env, prints }: Tool): Promise<void> {
  const kafka = new TestKafka(t)
  const { input, output, group } = await streamTopics(kafka)
  await kafka.produce(
    input,
    VALUES.map((value) => ({ value })),
  )
  const agent = await startStream(t, kafka, { input, output, group, calculator, env: { PROTOCOL: protocol, ...env } })
  await noLag(kafka, group, input)
  // What it holds back comes with the end of its input: what is there before has been flushed.
  const printed = (await kafka.readTopic(output)).map(({ value }) => String(value))
  assert.deepEqual(printed, prints, agent.stderr)
}

describe('a tool', { concurrency: 3 }, () => {
  for (const [name, tool] of Object.entries(tools)) {
    test(name, { ...limit, skip: missing(tool.calculator[0]) }, (t) => works(t, tool))
  }

  test('python3 that never flushes is recognised, and told how to', limit, async (t) => {
    const kafka = new TestKafka(t)
    const { input, output, group } = await streamTopics(kafka)
    const agent = await startStream(t, kafka, { input, output, group, calculator: python, env: buffered })
    const sent: string[] = []
    // It writes whole lines, so that nothing but their sizes tells: no offset can be held back.
    for (let turn = 0; turn < 3; turn++) {
      const values = Array.from({ length: 90 }, (_, i) => `value ${turn} ${i} `.padEnd(97, 'x'))
      await kafka.produce(
        input,
        values.map((value) => ({ value })),
      )
      sent.push(...values)
      await noLag(kafka, group, input)
    }
    const { level, msg } = await agent.waitForEvent('stream.advice')
    assert.equal(level, 'warn')
    assert.match(msg ?? '', /whole buffers.*CHILD_STDOUT=line or pty, PYTHONUNBUFFERED=1/)
    await agent.waitForStatus('the advice', ({ streams }) => streams[0]?.advice === 'flush')
    assert.equal(await agent.stop(), 0)
    const printed = (await kafka.readTopic(output)).map(({ value }) => value ?? Buffer.alloc(0))
    sameMultiset(
      printed,
      sent.map((value) => Buffer.from(value.toUpperCase())),
    )
  })
})
