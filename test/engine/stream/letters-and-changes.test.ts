// Records that cannot be lines among others, while everything around their letters changes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dealings } from '../../../src/domain/stream/dealing.ts'
import type { KeyedValue } from '../../support/partitioned-source.ts'
import { WorkersWorld } from '../../support/workers-world.ts'

/** Each is told by its partition and offset, and is a line or none. */
const valuesFor = (lists: readonly (readonly (readonly [key: string | null, refused: boolean])[])[]): KeyedValue[][] =>
  lists.map((list, partition) =>
    list.map(([key, isRefused], offset) => ({ key, value: `${partition}:${offset}${isRefused ? '\nno JSON' : ''}` })),
  )

const step = fc.record({
  do: fc.constantFrom('exchange', 'exchange', 'exchange', 'other-input', 'kill', 'become', 'revoke', 'lose'),
  wait: fc.nat(60),
  which: fc.nat(8),
})

const script = fc.record({
  protocol: fc.constantFrom('relay' as const, 'one-to-one' as const, 'batch' as const),
  dealing: fc.constantFrom(...dealings),
  workers: fc.integer({ min: 1, max: 3 }),
  records: fc.array(
    fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', null), fc.boolean()), { minLength: 1, maxLength: 15 }),
    { minLength: 1, maxLength: 3 },
  ),
  atOnce: fc.integer({ min: 1, max: 6 }),
  work: fc.nat(15),
  letterTime: fc.nat(80),
  steps: fc.array(step, { maxLength: 7 }),
})

test('whatever changes while letters wait: what is committed is an answer or a letter, and everything is in the end', async () => {
  await fc.assert(
    fc.asyncProperty(script, async ({ records, steps, ...options }) => {
      const world = new WorkersWorld({ ...options, values: valuesFor(records) })
      await world.begin()
      for (const { do: what, wait, which } of steps) {
        for (let ms = 0; ms < wait; ms++) {
          await world.clock.advance(1)
          world.check()
        }
        if (what === 'exchange') await world.exchangeLetters()
        else if (what === 'other-input') await world.exchangeSource()
        else if (what === 'kill') world.kill(which % world.workers.proxies.length)
        else if (what === 'become') await world.become(1 + (which % 3))
        else {
          const partition = which % records.length
          await world.while(world.source[what]([partition]))
          world.check()
          world.source.assign([partition])
        }
      }
      await world.toTheEnd()
      const values = world.source.values.flat().map(({ value }) => value ?? '')
      const isRefused = (value: string): boolean => value.includes('\n')
      assert.deepEqual(
        new Set(world.letters.stored.map(({ value }) => Buffer.from(value).toString().trim())),
        new Set(values.filter(isRefused)),
      )
      assert.deepEqual(new Set(world.sink.stored), new Set(values.filter((value) => !isRefused(value))))
      world.workers.close()
    }),
    { numRuns: 60 },
  )
})
