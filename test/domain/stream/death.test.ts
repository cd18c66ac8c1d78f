import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deathOf, type Death, type DeathFacts } from '../../../src/domain/stream/death.ts'

const crashed: DeathFacts = {
  status: { code: 1, signal: null },
  ...{ stopped: false, broken: false, hung: false, outOfMemory: false, inputEnded: false, hasRead: true, inFlight: 3 },
}
const by = (signal: `SIG${string}`): Partial<DeathFacts> => ({ status: { code: null, signal } })
const exit = (code: number): Partial<DeathFacts> => ({ status: { code, signal: null } })

const deaths: readonly (readonly [string, Partial<DeathFacts>, Death])[] = [
  ['an exit code of its own', {}, 'crash'],
  ['a fault', by('SIGSEGV'), 'crash'],
  ['an exit 0 in the middle', exit(0), 'crash'],
  ['an exit 0 after the end of its input', { ...exit(0), inputEnded: true }, 'clean'],
  ['an exit 1 after the end of its input', { inputEnded: true }, 'crash'],
  ['a kill from outside', by('SIGKILL'), 'environment'],
  ['a shell whose child was killed from outside', exit(137), 'environment'],
  ['a termination from outside', by('SIGTERM'), 'environment'],
  ['the kernel, for lack of memory', { ...by('SIGKILL'), outOfMemory: true }, 'out-of-memory'],
  ['a fault while somebody else was killed for lack of memory', { ...by('SIGSEGV'), outOfMemory: true }, 'crash'],
  ['a stop', { stopped: true }, 'environment'],
  ['a line that its protocol does not know', { ...by('SIGKILL'), broken: true }, 'violation'],
  ['no answer', { ...by('SIGKILL'), hung: true }, 'crash'],
  ['no answer of one that never read', { ...by('SIGKILL'), hung: true, hasRead: false }, 'start'],
  ['a crash at the start', { hasRead: false }, 'start'],
  ['a crash without records', { inFlight: 0 }, 'idle'],
]

for (const [what, facts, expected] of deaths) {
  test(`${what} is ${expected}`, () => assert.equal(deathOf({ ...crashed, ...facts }), expected))
}
