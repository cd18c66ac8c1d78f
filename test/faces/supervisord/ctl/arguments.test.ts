import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCtlArguments } from '../../../../src/faces/supervisord/ctl/arguments.ts'
import { getopt, type Option } from '../../../../src/faces/supervisord/getopt.ts'

const flags = (...argv: string[]): unknown => {
  const invocation = parseCtlArguments(argv)
  return invocation.kind === 'run' ? invocation.flags : invocation
}
const nothing = {
  ...{ configuration: null, serverurl: null, username: null, password: null, historyFile: null },
  ...{ interactive: false, json: false, watch: null, words: [] },
}
const usage = (message: string): unknown => ({ kind: 'usage', message })

test('flags in every form, up to the first action', () => {
  assert.deepEqual(flags(), nothing)
  const expected = {
    ...nothing,
    configuration: 'f',
    serverurl: 'http://h:1',
    interactive: true,
    words: ['tail', '-5', 'x'],
  }
  assert.deepEqual(flags('-c', 'f', '-i', '-s', 'http://h:1', 'tail', '-5', 'x'), expected)
  assert.deepEqual(flags('-icf', '--serverurl=http://h:1', 'tail', '-5', 'x'), expected)
  assert.deepEqual(flags('--conf', 'f', '--inter', '--server', 'http://h:1', '--', 'tail', '-5', 'x'), expected)
  assert.deepEqual(flags('-u', 'me', '-pit', '-r', 'h'), {
    ...nothing,
    username: 'me',
    password: 'it',
    historyFile: 'h',
  })
  assert.deepEqual(flags('--history-file', 'h'), { ...nothing, historyFile: 'h' })
  for (const word of ['-h', '-?', '--help', '--hel']) assert.deepEqual(flags('-i', word, 'status'), { kind: 'help' })
})

test('our own flags stand before and behind the action', () => {
  assert.deepEqual(flags('--json', 'status'), { ...nothing, json: true, words: ['status'] })
  assert.deepEqual(flags('status', 'web*', '--watch'), { ...nothing, watch: 2, words: ['status', 'web*'] })
  assert.deepEqual(flags('status', '--watch=0.5', '--json'), { ...nothing, watch: 0.5, json: true, words: ['status'] })
  assert.match(JSON.stringify(flags('status', '--watch=fast')), /not a number of seconds between 0.1 and 86400/)
})

test('refusals in the words of the real one', () => {
  assert.deepEqual(flags('-x'), usage('option -x not recognized'))
  assert.deepEqual(flags('-c'), usage('option -c requires argument'))
  assert.deepEqual(flags('--interactive=yes'), usage('option --interactive must not have an argument'))
  assert.deepEqual(flags('--h', 'x'), usage('option --h not a unique prefix'))
  assert.deepEqual(flags('-i', '--interactive'), usage("conflicting command line option '--interactive'"))
  assert.deepEqual(flags('-s', 'foo'), usage("invalid value for -s 'foo': value 'foo' is not a URL"))
})

const options: readonly Option[] = [
  { short: 'a', long: 'alpha', takesValue: false },
  { short: 'b', long: 'beta', takesValue: true },
  { long: 'bet', takesValue: true },
  { short: 'ø', takesValue: true },
]
const python = `
import getopt, json, sys
for line in sys.stdin:
    try:
        given, rest = getopt.getopt(json.loads(line), 'ab:ø:', ['alpha', 'beta=', 'bet='])
        print(json.dumps({'given': given, 'rest': rest}))
    except getopt.GetoptError as error:
        print(json.dumps({'problem': str(error)}))
`

test("any words are read as by Python's getopt", () => {
  const word = fc.oneof(
    fc.constantFrom(
      '-a',
      '-b',
      '-ab',
      '-bx',
      '-aøx',
      '--alpha',
      '--al',
      '--b',
      '--bet',
      '--beta=x',
      '--be=',
      '--',
      '-',
      '',
    ),
    fc.string({ maxLength: 3 }),
  )
  const cases = fc.sample(fc.array(word, { maxLength: 4 }), 300)
  const input = cases.map((words) => `${JSON.stringify(words)}\n`).join('')
  const { stdout, stderr } = spawnSync('python3', ['-c', python], { input, encoding: 'utf8' })
  const expected = stdout.trimEnd().split('\n')
  assert.equal(expected.length, cases.length, stderr)
  for (const [at, words] of cases.entries()) {
    const parsed = getopt(words, options)
    const shown =
      'problem' in parsed
        ? parsed
        : { given: parsed.given.map(({ written, value }) => [written, value]), rest: parsed.rest }
    assert.deepEqual(shown, JSON.parse(expected[at] ?? ''), JSON.stringify(words))
  }
})
