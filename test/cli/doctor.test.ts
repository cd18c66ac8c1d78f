import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doctorReport } from '../../src/cli/doctor.ts'
import { ok, problem, warning } from '../../src/domain/finding.ts'

const plain = { json: false, colors: false, isWhole: true }
const bad = problem('kafka.topic', 'input topic a', 'does not exist\u001b[2J', 'create it')

test('a line per finding under its area, the cure below; only a problem costs the exit code', () => {
  const { stdout, exitCode } = doctorReport(
    [
      ok('machine.memory', 'memory', 'no limit'),
      bad,
      warning('kafka.certificate', 'certificate', '3 days', 'renew it'),
    ],
    plain,
  )
  assert.equal(exitCode, 1)
  const text = [
    'Container',
    '  ok       memory: no limit',
    '',
    'Kafka',
    '  problem  input topic a: does not exist [2J',
    '           cure: create it',
    '  warning  certificate: 3 days',
    '           cure: renew it',
    '',
    '1 problem, 1 warning',
  ]
  assert.equal(stdout, `${text.join('\n')}\n`)
  const warned = doctorReport([warning('machine.files', 'open files', 'few', 'raise them')], plain)
  assert.equal(warned.exitCode, 0)
  assert.match(doctorReport([ok('machine.memory', 'memory', 'no limit')], plain).stdout, /\nall is well\n$/)
})

test('a wrong configuration: what was not looked at is no good news', () => {
  const wrong = problem('configuration.value', 'WORKERS', '"x" should be an integer', '')
  const { stdout } = doctorReport([wrong], { ...plain, isWhole: false })
  assert.match(
    stdout,
    /\n1 problem, 0 warnings; nothing else was looked at: correct the configuration, and ask again\n$/,
  )
})

test('as JSON: counts and every finding', () => {
  const { stdout, exitCode } = doctorReport([bad], { ...plain, json: true, colors: true })
  assert.equal(exitCode, 1)
  assert.deepEqual(JSON.parse(stdout), { problems: 1, warnings: 0, findings: [bad] })
})
