import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FrameAssembler } from '../../src/kafka/frame-assembler.ts'
import { BufferPool } from '../../src/wire/buffer-pool.ts'
import { RequestWriter } from '../../src/kafka/protocol/request-writer.ts'

test('answers come whole and in order, however they are cut, though the chunks are used again', () => {
  const answer = fc.record({ id: fc.nat(), payload: fc.uint8Array({ maxLength: 50 }) }, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 20 })), (answers, cuts) => {
      const stream = Buffer.concat(
        answers.flatMap(({ id, payload }) =>
          new RequestWriter()
            .int32(payload.length + 4)
            .int32(id)
            .raw(payload)
            .pieces(),
        ),
      )
      const found: { id: number; payload: Uint8Array }[] = []
      const assembler = new FrameAssembler(new BufferPool(0), (id, payload) => found.push({ id, payload }))
      const shared = Buffer.alloc(20)
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const end = Math.min(stream.length, at + (cuts[turn % Math.max(1, cuts.length)] ?? 7))
        stream.copy(shared, 0, at, end)
        assembler.take(shared.subarray(0, end - at))
        shared.fill(0xee)
        at = end
      }
      assert.deepEqual(
        found.map(({ id, payload }) => ({ id, payload: Uint8Array.from(payload) })),
        answers,
      )
    }),
  )
})

test('what cannot be an answer is refused before anything is allocated', () => {
  const assembler = new FrameAssembler(new BufferPool(0), () => assert.fail('no answer'))
  assert.throws(() => assembler.take(Buffer.from('HTTP/1.1 400')), /an answer of 1213486160 bytes/)
})
