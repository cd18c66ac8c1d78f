import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnswerFifo } from '../../../src/domain/stream/fifo.ts'
import { batchOf } from './batches.ts'

const batches = Array.from({ length: 6 }, (_, i) =>
  batchOf(
    Array.from({ length: i * 3 }, () => Buffer.from('x')),
    [],
    { topic: i < 3 ? 'a' : 'b', partition: i % 2 },
  ),
)

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('push' as const), batch: fc.nat({ max: 5 }), cut: fc.nat({ max: 15 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), n: fc.nat({ max: 20 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('forget' as const),
      topic: fc.constantFrom('a', 'b'),
      partition: fc.nat({ max: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
)

test('answers meet their lines one by one, orphans keep their places', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const fifo = new AnswerFifo()
      let model: { batch: number; index: number; orphan: boolean }[] = []
      for (const step of actions) {
        if (step.do === 'push') {
          const batch = batches[step.batch]
          assert.ok(batch)
          // In two pieces, as the feeder writes them.
          const cut = Math.min(step.cut, batch.count)
          fifo.push(batch, 0, cut)
          fifo.push(batch, cut)
          for (let index = 0; index < batch.count; index++) model.push({ batch: step.batch, index, orphan: false })
        } else if (step.do === 'take') {
          const taken = fifo.take(step.n).flatMap((run) => {
            assert.ok(run.to > run.from)
            return Array.from({ length: run.to - run.from }, (_, i) => ({
              batch: batches.indexOf(run.batch),
              index: run.from + i,
              orphan: run.orphan,
            }))
          })
          assert.deepEqual(taken, model.splice(0, step.n))
        } else if (step.do === 'forget') {
          fifo.forget(step.topic, step.partition)
          for (const line of model) {
            const { topic, partition } = batches[line.batch] ?? {}
            if (topic === step.topic && partition === step.partition) line.orphan = true
          }
        } else {
          fifo.rest()
          model = []
        }
        assert.equal(fifo.length, model.length)
      }
    }),
    { numRuns: 1000 },
  )
})

test('pieces of one batch come back as one run, but not across a forgotten beginning', () => {
  const batch = batchOf(Array.from({ length: 9 }, () => Buffer.from('x')))
  const fifo = new AnswerFifo()
  fifo.push(batch, 0, 3)
  fifo.push(batch, 3, 6)
  assert.deepEqual(fifo.take(6), [{ batch, from: 0, to: 6, orphan: false }])
  fifo.push(batch, 0, 3)
  fifo.forget('readings', 0)
  fifo.push(batch, 3, 9)
  assert.deepEqual(fifo.take(100), [
    { batch, from: 0, to: 3, orphan: true },
    { batch, from: 3, to: 9, orphan: false },
  ])
  assert.deepEqual(fifo.take(1), [])
})
