import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseArguments, splitArgs } from '../../src/cli/arguments.ts'

const parse = (...argv: string[]): unknown => parseArguments(argv, 'pidpiper')
const run = (flags: object): unknown => ({ command: 'run', flags })

test("the manual's image works as printed, under either name", () => {
  const argv = ['--bin', 'python3', '--args', '/opt/app/io_main.py,/var/model']
  const expected = run({ bin: 'python3', args: ['/opt/app/io_main.py', '/var/model'] })
  for (const name of ['pidpiper', 'supervisor', 'supervisor-linux-amd64']) {
    assert.deepEqual(parseArguments(argv, name), expected)
    assert.deepEqual(parseArguments(['run', ...argv], name), expected)
  }
})

test('no words, and bare flags, mean run', () => {
  assert.deepEqual(parse(), run({}))
  assert.deepEqual(parse('run'), run({}))
  assert.deepEqual(parse('--in', '-', '--out=x=y'), run({ in: '-', out: 'x=y' }))
})

test('the word after --bin, --args and --arg is its value, whatever it looks like', () => {
  assert.deepEqual(parse('--args', '--logs=stderr,/var/model'), run({ args: ['--logs=stderr', '/var/model'] }))
  assert.deepEqual(
    parse('--bin', '--in', '--arg', '--help', '--arg', 'a,b'),
    run({ bin: '--in', args: ['--help', 'a,b'] }),
  )
  assert.deepEqual(parse('--args=--x,y', '--arg='), run({ args: ['--x', 'y', ''] }))
})

test("--args '' means none, \\, is a comma", () => {
  assert.deepEqual(parse('--args', ''), run({ args: [] }))
  assert.deepEqual(splitArgs('a\\,b,c\\d,,'), ['a,b', 'c\\d', '', ''])
})

test('any arguments without a trailing backslash survive --args', () => {
  const word = fc.string({ unit: 'binary' }).filter((text) => !/\\($|,)/.test(text))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const list = words.map((text) => text.replaceAll(',', '\\,')).join(',')
      assert.deepEqual(splitArgs(list), list === '' ? [] : words)
    }),
  )
})

test('the other commands and their help', () => {
  assert.deepEqual(parse('check'), { command: 'check', flags: {}, json: false })
  assert.deepEqual(parse('check', '--json', '--bin', 'x'), { command: 'check', flags: { bin: 'x' }, json: true })
  assert.deepEqual(parse('health'), { command: 'health', ready: false })
  assert.deepEqual(parse('health', '--ready'), { command: 'health', ready: true })
  const doctor = { command: 'doctor', flags: {}, json: false, calculator: true }
  assert.deepEqual(parse('doctor'), doctor)
  assert.deepEqual(parse('doctor', '--no-calculator', '--json'), { ...doctor, json: true, calculator: false })
  assert.deepEqual(parse('doctor', '--bin', 'x'), { ...doctor, flags: { bin: 'x' } })
  assert.deepEqual(parse('consul', 'policy'), { command: 'consul-policy', json: false })
  assert.deepEqual(parse('consul', 'policy', '--json'), { command: 'consul-policy', json: true })
  for (const words of [
    ['consul', '-h'],
    ['consul', 'policy', '--help'],
    ['help', 'consul'],
  ])
    assert.deepEqual(parse(...words), { command: 'help', topic: 'consul' })
  for (const words of [['--version'], ['-v'], ['version']]) assert.deepEqual(parse(...words), { command: 'version' })
  for (const words of [['--help'], ['-h'], ['help']])
    assert.deepEqual(parse(...words), { command: 'help', topic: null })
  for (const words of [
    ['check', '--help'],
    ['check', '--bin', 'x', '-h'],
    ['help', 'check'],
  ]) {
    assert.deepEqual(parse(...words), { command: 'help', topic: 'check' })
  }
})

/** `message` without "pidpiper" in front of it, and whose help is named: of the first word where that is a command. */
const refusals: readonly (readonly [words: readonly string[], message: string])[] = [
  [['--bim', 'x'], 'unknown option "--bim", did you mean --bin?'],
  [['-bin', 'x'], 'unknown option "-bin", did you mean --bin?'],
  [['--argz=secret'], 'unknown option "--argz", did you mean --args?'],
  [['--frobnicate'], 'unknown option "--frobnicate"'],
  [['--ready'], 'unknown option "--ready"'],
  [['health', '--json'], 'unknown option "--json"'],
  [['--json=1'], 'unknown option "--json"'],
  [['check', '--json=1'], '--json takes no value'],
  [['--bin'], '--bin needs a value'],
  [['--bin', ''], '--bin needs a value that is not empty'],
  [['--bin', 'x', 'extra'], 'unexpected word "extra"'],
  [['chekc'], 'unknown command "chekc", did you mean check?'],
  [['constructor'], 'unknown command "constructor"'],
  [['help', 'helth'], 'no help about "helth", did you mean health?'],
  [['supervisorctll'], 'unknown command "supervisorctll", did you mean supervisorctl?'],
  [['consul'], 'consul needs a word after it: consul policy'],
  [['consul', 'polici'], 'unknown word "polici" after consul, did you mean policy?'],
  [['circusctl', 'status'], 'circusctl comes with a later version'],
  [['install', '--systemd=yes'], '--systemd takes no value'],
  [['install', '--prefix', ''], '--prefix needs a value that is not empty'],
  [['check', '-c'], '-c needs a value'],
  [['check', '-c', 'f', '--bin', 'x'], 'check -c FILE goes with --json alone, not with "--bin"'],
  [['-c', 'f', '--bin'], '--bin needs a value'],
]

for (const [words, message] of refusals) {
  test(`usage error: ${words.join(' ')}`, () => {
    const whose = words.find((word) => ['health', 'check', 'install', 'consul'].includes(word))
    const help = whose === undefined || message.startsWith('no help') ? '--help' : `help ${whose}`
    assert.deepEqual(parse(...words), { command: 'usage', message: `pidpiper: ${message}; see pidpiper ${help}` })
  })
}

test('with -c the words of the stream are ours, all others are for supervisord', () => {
  const both = (flags: object, ...argv: string[]): unknown => ({ command: 'supervisord', flags, argv })
  assert.deepEqual(parse('-c', 'f'), both({}, '-c', 'f'))
  assert.deepEqual(parse('run', '--configuration=f', '-n'), both({}, '--configuration=f', '-n'))
  assert.deepEqual(
    parse('-nc', 'f', '--bin', '-c', '--args', '--x,-n', '-e', 'debug'),
    both({ bin: '-c', args: ['--x', '-n'] }, '-nc', 'f', '-e', 'debug'),
  )
  assert.deepEqual(parse('--bin', '-c'), run({ bin: '-c' }))
  assert.deepEqual(parse('check', '--json', '-c', 'f'), { command: 'check-file', file: 'f', json: true })
  assert.deepEqual(parse('supervisord', '-n'), {
    command: 'face',
    face: 'supervisord',
    name: 'supervisord',
    argv: ['-n'],
  })
})

test('a later face is refused by the name of the file too', () => {
  const invocation = parseArguments(['status'], 'circusctl')
  assert.deepEqual(invocation, {
    command: 'usage',
    message: 'pidpiper: circusctl comes with a later version; see pidpiper --help',
  })
})

test('a face is met by the name of the file or the first word, and reads all other words itself', () => {
  const argv = ['-c', 'x.conf', '--json', 'status']
  const face = { command: 'face', face: 'supervisorctl', argv }
  assert.deepEqual(parseArguments(argv, 'supervisorctl'), { ...face, name: 'supervisorctl' })
  assert.deepEqual(parse('supervisorctl', ...argv), { ...face, name: 'supervisorctl' })
  assert.deepEqual(parse('ctl', ...argv), { ...face, name: 'ctl' })
  assert.deepEqual(parse('help', 'supervisorctl'), { ...face, name: 'supervisorctl', argv: ['--help'] })
  assert.deepEqual(parse('pidproxy'), { command: 'face', face: 'pidproxy', name: 'pidproxy', argv: [] })
})

test('install and its switches', () => {
  const flags = { prefix: null, systemd: false, force: false, dryRun: false }
  assert.deepEqual(parse('install'), { command: 'install', flags })
  const all = { prefix: '/opt', systemd: true, force: true, dryRun: true }
  assert.deepEqual(parse('install', '--prefix=/opt', '--systemd', '--force', '--dry-run'), {
    command: 'install',
    flags: all,
  })
})
