import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check } from '../../src/cli/check.ts'
import { helpText } from '../../src/cli/help.ts'
import { versionText } from '../../src/cli/version.ts'
import { variables } from '../../src/config/variables.ts'

const rows = [
  { group: 'Agent', name: 'NODE_ID', value: 'ws-1', origin: 'environment', note: '' },
  { group: 'Agent', name: 'STATE_DIR', value: null, origin: 'default', note: 'no copy is kept' },
  { group: 'Kafka', name: 'KAFKA_CONSUMER_GROUP', value: 'a\u001b[2Jb', origin: 'command line', note: '' },
]

test('check aligns its columns and lets no control character through', () => {
  const { stdout, stderr, exitCode } = check(
    { rows, problems: [], warnings: ['look\nhere'] },
    { json: false, colors: false },
  )
  assert.equal(
    stdout,
    [
      'Agent',
      '  NODE_ID               ws-1       environment',
      '  STATE_DIR             -          default (no copy is kept)',
      '',
      'Kafka',
      '  KAFKA_CONSUMER_GROUP  a\\x1b[2Jb  command line',
      '',
      'warning: look\\x0ahere',
      '',
    ].join('\n'),
  )
  assert.deepEqual([stderr, exitCode], ['', 0])
})

test('check colours only when asked', () => {
  const { stdout } = check({ rows, problems: [], warnings: ['w'] }, { json: false, colors: true })
  assert.ok(stdout.startsWith('\u001b[1mAgent\u001b[0m\n'))
  assert.ok(stdout.endsWith('\u001b[33mwarning: w\u001b[0m\n'))
})

test('check --json is one document, with exit code 78 when there are problems', () => {
  const problems = [{ name: 'NODE_ID', value: null, expected: 'is needed' }]
  const { stdout, exitCode } = check({ rows, problems, warnings: [] }, { json: true, colors: true })
  assert.deepEqual(JSON.parse(stdout), { variables: rows, problems, warnings: [] })
  assert.equal(exitCode, 78)
})

test('help fits on a page and names only variables that exist', () => {
  for (const topic of [null, 'run', 'check', 'health', 'doctor', 'dlq', 'consul', 'version'] as const) {
    const text = helpText(topic)
    assert.ok(text.endsWith('\n') && text.split('\n').length <= 60)
    for (const line of text.split('\n')) assert.ok(line.length <= 120, line)
    for (const [name = ''] of text.matchAll(/\b(?:NODE|KAFKA|INPUT|OUTPUT|CONSUL|HTTP|LOG)_[A-Z_]+\b/g)) {
      assert.ok(name in variables, name)
    }
  }
})

test('--version names the version and the runtime', () => {
  assert.equal(versionText('1.2.3', 'v24.0.0'), 'pidpiper 1.2.3 (node v24.0.0)\n')
})
