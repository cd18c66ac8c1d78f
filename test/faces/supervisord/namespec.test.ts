import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPattern, makeNamespec, matching, splitNamespec } from '../../../src/faces/supervisord/namespec.ts'
import { cpuTime } from '../../support/cpu-time.ts'

test('names of processes and groups', () => {
  assert.deepEqual(splitNamespec('web'), { group: 'web', process: 'web' })
  assert.deepEqual(splitNamespec('app:web'), { group: 'app', process: 'web' })
  assert.deepEqual(splitNamespec('app:*'), { group: 'app', process: null })
  assert.deepEqual(splitNamespec('app:'), { group: 'app', process: null })
  assert.deepEqual(splitNamespec('app:a:b'), { group: 'app', process: 'a:b' })
  assert.equal(makeNamespec('web', 'web'), 'web')
  assert.equal(makeNamespec('app', 'web'), 'app:web')
})

test("a group's star is supervisord's, every other star and question mark makes a pattern", () => {
  for (const name of ['app:*', 'app:', 'app', 'app:web']) assert.equal(isPattern(name), false, name)
  for (const name of ['web*', '*', 'w?b', '*:web', 'app:w*', 'a*:*']) assert.equal(isPattern(name), true, name)
})

const processes = ['web', 'web-old', 'app:web', 'app:worker_0', 'app:worker_1'].map((of) => {
  const [group = '', name = group] = of.split(':')
  return { group, name }
})
const found = (pattern: string): string[] =>
  matching(pattern, processes).map(({ group, name }) => makeNamespec(group, name))

test('a pattern means what the first column of status shows', () => {
  assert.deepEqual(found('web*'), ['web', 'web-old'])
  assert.deepEqual(found('*web'), ['web', 'app:web'])
  assert.deepEqual(found('app:worker_?'), ['app:worker_0', 'app:worker_1'])
  assert.deepEqual(found('w*:*'), ['web', 'web-old'])
  assert.deepEqual(found('x*'), [])
})

test('patterns mean what an expression means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 8 })
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
      const expected = new RegExp(`^(${expression})$`).test(text)
      assert.equal(
        matching(pattern, [{ group: text, name: text }]).length > 0,
        expected || new RegExp(`^(${expression})$`).test(`${text}:${text}`),
      )
    }),
  )
})

test('a pattern made to be slow is not', () => {
  const text = 'a'.repeat(20_000)
  const took = cpuTime(() => assert.deepEqual(matching(`${'a*'.repeat(500)}b`, [{ group: text, name: text }]), []))
  assert.ok(took < 2_000, `${took} ms`)
})
