import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from '../../src/cli/arguments.ts'

const parse = (...words: string[]): unknown => {
  const invocation = parseArguments(['dlq', ...words], 'pidpiper')
  return invocation.command === 'dlq' ? invocation.request : invocation
}

const any = { reasons: [], since: null, until: null, partition: null, offset: null }
const usual = { topic: null, json: false }

test('what each action takes', () => {
  assert.deepEqual(parse('ls'), { action: 'ls', ...usual, filters: any, limit: null })
  const words = ['ls', '--reason', 'crash', '--reason=not-json', '--since', '1d12h', '--until', '2026-01-31T08:00:00Z']
  assert.deepEqual(parse(...words, '--partition', '0', '--limit=5', '--json', '--topic', 't'), {
    ...{ action: 'ls', topic: 't', json: true, limit: 5 },
    filters: {
      ...{ reasons: ['crash', 'not-json'], partition: 0, offset: null },
      ...{ since: { ago: 36 * 3_600_000 }, until: { at: Date.UTC(2026, 0, 31, 8) } },
    },
  })
  const letter = { action: 'show', ...usual, partition: 3, offset: 15, raw: false }
  assert.deepEqual(parse('show', '3:15'), letter)
  assert.deepEqual(parse('show', '--partition', '3', '--offset', '15', '--raw'), { ...letter, raw: true })
  const flags = { force: false, again: false, yes: false }
  const replay = { action: 'replay', ...usual, ...flags, filters: any, limit: null, to: null }
  assert.deepEqual(parse('replay'), replay)
  assert.deepEqual(parse('replay', '0:7', '--to', 'x', '--force', '--again', '--yes'), {
    ...{ ...replay, to: 'x', force: true, again: true, yes: true },
    filters: { ...any, partition: 0, offset: 7 },
  })
  const purge = { action: 'purge', ...usual, partition: null, reasons: [], replayed: false, yes: false }
  assert.deepEqual(parse('purge', '--all'), { ...purge, limit: 'all' })
  assert.deepEqual(parse('purge', '--before', '120'), { ...purge, limit: { offset: 120 } })
  assert.deepEqual(parse('purge', '--before', '30d'), { ...purge, limit: { before: { ago: 30 * 86_400_000 } } })
})

test('help, before and after an action', () => {
  for (const words of [['--help'], ['help'], ['replay', '--yes', '-h']]) {
    assert.deepEqual(parse(...words), { command: 'help', topic: 'dlq' })
  }
  assert.deepEqual(parseArguments(['help', 'dlq'], 'pidpiper'), { command: 'help', topic: 'dlq' })
})

const refusals: readonly (readonly [words: readonly string[], message: string])[] = [
  [[], 'dlq needs an action: ls, show, replay, purge'],
  [['look'], 'unknown action "look" of dlq: ls, show, replay, purge'],
  [['lss'], 'unknown action "lss" of dlq, did you mean ls?'],
  [['list'], 'unknown action "list" of dlq, did you mean ls?'],
  [['ls', '--raeson', 'x'], 'unknown option "--raeson", did you mean --reason?'],
  [['ls', '--yes'], 'unknown option "--yes"'],
  [['ls', '0:1'], 'unexpected word "0:1"'],
  [['ls', '--json=1'], '--json takes no value'],
  [['ls', '--limit', '0'], '--limit needs a whole number above 0, not "0"'],
  [['ls', '--partition', '-1'], '--partition needs a whole number, not "-1"'],
  [
    ['ls', '--since', 'yesterday'],
    '--since needs an RFC 3339 time such as 2026-01-31T08:00:00Z, or how long ago, such as 2h, not "yesterday"',
  ],
  [['ls', '--since', '2h', '--since', '3h'], '--since is given twice'],
  [['ls', '--reason'], '--reason needs a value'],
  [['show'], 'show needs a letter, as PARTITION:OFFSET'],
  [['show', '15'], 'unexpected word "15", a letter is PARTITION:OFFSET'],
  [['show', '0:1', '--raw', '--json'], '--raw does not go with --json'],
  [['replay', '--offset', '1'], '--offset needs --partition'],
  [['purge'], 'purge needs --before TIME, --before OFFSET or --all'],
  [['purge', '--all', '--before', '1h'], '--before does not go with --all'],
  [
    ['purge', '--before', '1x'],
    '--before needs an offset, an RFC 3339 time such as 2026-01-31T08:00:00Z, or how long ago, such as 2h, not "1x"',
  ],
]

for (const [words, message] of refusals) {
  test(`usage error: dlq ${words.join(' ')}`, () => {
    assert.deepEqual(parse(...words), { command: 'usage', message: `pidpiper: ${message}; see pidpiper help dlq` })
  })
}
