// The end of an input that is read once: what a protocol promises must be there by then, or the exit code says no.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startLocal } from './local-run.ts'

const four = 'a1\nb\nc\nd\n'

for (const [what, protocol, script, code, level, fields] of [
  [
    'answers fewer records than it read',
    'one-to-one',
    'grep --line-buffered 1',
    76,
    'error',
    { records: 3, inputRead: true },
  ],
  [
    'ends its answers to fewer',
    'many',
    'read a; echo x; echo; cat >/dev/null',
    76,
    'error',
    { records: 3, inputRead: true },
  ],
  ['answers all, and says so with its own code', 'one-to-one', 'cat; exit 4', 4, null, null],
  ['lets records pass as a filter does', 'relay', 'grep --line-buffered 1', 0, null, null],
  ['leaves before it has read everything', 'relay', 'read a; echo x', 0, 'warn', null],
  ['answers some, and ends with its own code', 'one-to-one', 'read a; echo x; exit 4', 4, null, null],
] as const) {
  test(`${protocol}: a Calculator that ${what} ends the agent with ${code}`, { timeout: 30_000 }, async (t) => {
    const { agent } = await startLocal(t, {
      input: level === 'warn' ? 'line\n'.repeat(500_000) : four,
      calculator: ['sh', '-c', script],
      env: { PROTOCOL: protocol, OUTPUT_FORMAT: 'raw' },
    })
    assert.deepEqual(await agent.exit(), { code, signal: null }, agent.stderr)
    const told = agent.log.filter(({ event }) => event === 'stream.unanswered')
    assert.deepEqual(
      told.map((line) => line.level),
      level === null ? [] : [level],
    )
    if (fields !== null) {
      assert.deepEqual({ records: told[0]?.['records'], inputRead: told[0]?.['inputRead'] }, fields)
      assert.match(told[0]?.msg ?? '', /^3 records have no answer: print /)
    }
  })
}

for (const [when, script] of [
  ['while it lives', 'sed -u p; sleep 30'],
  ['before it ends by itself', 'cat >/dev/null; printf "1\\n2\\n3\\n4\\n5\\n"'],
] as const) {
  test(`one-to-one: a line too many ${when} ends the agent with 76`, { timeout: 30_000 }, async (t) => {
    const { agent, output } = await startLocal(t, {
      input: four,
      calculator: ['sh', '-c', script],
      env: { PROTOCOL: 'one-to-one', OUTPUT_FORMAT: 'raw' },
    })
    assert.deepEqual(await agent.exit(), { code: 76, signal: null }, agent.stderr)
    const [violation, ...more] = agent.log.filter(({ level }) => level === 'error')
    assert.deepEqual([violation?.event, violation?.['feeding'], more], ['stream.violation', 'ended', []])
    assert.match(violation?.msg ?? '', /a line that answers no record: print exactly one line per record/)
    assert.ok(readFileSync(output, 'utf8').split('\n').length <= 5, 'at most one line for each record')
    for (const box of agent.log.filter(({ event }) => event === 'stream.black-box')) {
      assert.deepEqual(
        [box['death'], box.msg],
        ['violation', 'the Calculator was killed for breaking its protocol: its last moments'],
      )
    }
  })
}
