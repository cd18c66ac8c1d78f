import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWindow } from '../../../src/domain/stream/window.ts'

/** What a promise has become after all that is due has run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), bytes: fc.nat({ max: 15 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const) }) },
)

test('first come, first served, within the limit, one larger than it alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.array(action, { maxLength: 40 }), async (limit, actions) => {
      const window = new ByteWindow(limit)
      const inside: number[] = []
      let line: { bytes: number; id: number }[] = []
      const answers: (boolean | undefined)[] = []
      const expected: (boolean | undefined)[] = []
      const used = (): number => inside.reduce((sum, bytes) => sum + bytes, 0)
      const admit = (): void => {
        for (let first = line[0]; first && (used() === 0 || used() + first.bytes <= limit); first = line[0]) {
          line.shift()
          inside.push(first.bytes)
          expected[first.id] = true
        }
      }
      for (const step of actions) {
        if (step.do === 'take') {
          const id = answers.push(undefined) - 1
          expected.push(undefined)
          line.push({ bytes: step.bytes, id })
          void window.take(step.bytes).then((taken) => (answers[id] = taken))
        } else if (step.do === 'release') {
          const [bytes] = inside.length > 0 ? inside.splice(step.which % inside.length, 1) : [0]
          window.release(bytes ?? 0)
        } else {
          for (const { id } of line) expected[id] = false
          line = []
          window.cancelWaiting()
        }
        admit()
        await turn()
        assert.deepEqual(answers, expected)
        assert.equal(window.used, used())
        assert.equal(window.waiting, line.length)
        if (inside.filter((bytes) => bytes > 0).length > 1) assert.ok(window.used <= limit)
      }
    }),
    { numRuns: 300 },
  )
})

test('refuses to take back more than was taken', () => {
  const window = new ByteWindow(10)
  void window.take(4)
  assert.throws(() => window.release(5), /cannot release 5 bytes: 4 are taken/)
  assert.throws(() => window.release(NaN), RangeError)
  window.release(4)
  assert.equal(window.used, 0)
})

test('who is cancelled may take again', async () => {
  const window = new ByteWindow(10)
  assert.equal(await window.take(10), true)
  const again = window.take(3).then((taken) => (taken ? assert.fail('was cancelled') : window.take(3)))
  window.cancelWaiting()
  await turn()
  window.release(10)
  assert.equal(await again, true)
  assert.equal(window.used, 3)
})
