import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calculatorProgram } from '../../src/agent/program.ts'
import { loadConfig, type Loaded } from '../../src/config/config.ts'
import type { ProgramSpec } from '../../src/domain/process/spec.ts'
import { fakeMachine, least } from '../config/fake-machine.ts'

const library = '/usr/libexec/coreutils/libstdbuf.so'

function loaded(env: Readonly<Record<string, string>>, files: Parameters<typeof fakeMachine>[0] = {}): Loaded {
  return loadConfig({ environment: { ...least, ...env }, flags: {}, machine: fakeMachine(files) })
}

function program(
  env: Readonly<Record<string, string>>,
  documentEnv: Readonly<Record<string, string>> = {},
  file = library,
): ProgramSpec {
  const { config, problems } = loaded(env, { [file]: '' })
  if (config === null) throw new Error(JSON.stringify(problems))
  return calculatorProgram(config, { ...config.streams, env: documentEnv }, 0, null)
}

const preloaded = ({ environment: { LD_PRELOAD, _STDBUF_O, TERM, NO_COLOR } }: ProgramSpec): object => ({
  LD_PRELOAD,
  _STDBUF_O,
  TERM,
  NO_COLOR,
})
const nothing = { LD_PRELOAD: undefined, _STDBUF_O: undefined, TERM: undefined, NO_COLOR: undefined }

test('stdout is as it is by default', () => {
  const spec = program({})
  assert.equal(spec.stdout, undefined)
  assert.deepEqual(preloaded(spec), nothing)
})

test('line preloads the stdbuf library in front of what is preloaded already', () => {
  const line = { CHILD_STDOUT: 'line' }
  assert.deepEqual(preloaded(program(line)), { ...nothing, LD_PRELOAD: library, _STDBUF_O: 'L' })
  assert.equal(program({ ...line, LD_PRELOAD: '/lib/a.so' }).environment['LD_PRELOAD'], `${library}:/lib/a.so`)
  assert.equal(program(line, { LD_PRELOAD: '/lib/b.so' }).environment['LD_PRELOAD'], `${library}:/lib/b.so`)
  assert.equal(program(line).stdout, undefined)
})

test('the library is looked for beside the programs', () => {
  const local = '/opt/tools/lib/coreutils/libstdbuf.so'
  const spec = program({ CHILD_STDOUT: 'line', PATH: '/opt/tools/bin:/bin' }, {}, local)
  assert.equal(spec.environment['LD_PRELOAD'], local)
})

test('line without the library is refused, and the message names library, places and ways out', () => {
  const [problem, ...more] = loaded({ CHILD_STDOUT: 'line' }).problems
  assert.deepEqual(more, [])
  assert.equal(problem?.name, 'CHILD_STDOUT')
  assert.match(problem.expected, /as-is or pty.*libstdbuf\.so.*\/usr\/libexec\/coreutils\/libstdbuf\.so/)
})

test('pty asks for a terminal, and for plain text on it', () => {
  const spec = program({ CHILD_STDOUT: 'pty' })
  assert.equal(spec.stdout, 'pty')
  assert.deepEqual(preloaded(spec), { ...nothing, TERM: 'dumb', NO_COLOR: '1' })
  const own = program({ CHILD_STDOUT: 'pty' }, { TERM: 'xterm', NO_COLOR: '' })
  assert.deepEqual(preloaded(own), { ...nothing, TERM: 'xterm', NO_COLOR: '' })
})
