import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { heldBytes } from '../../../src/domain/stream/line-batch.ts'
import { ByteWindow } from '../../../src/domain/stream/window.ts'
import { Feeder, type Piece } from '../../../src/engine/stream/feeder.ts'
import type { ChildInput } from '../../../src/engine/ports.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { batchOf } from '../../support/stream-world.ts'

const at = { topic: 'in', partition: 0 }

test('what is there goes into one write, cut at lines where the pace says so, and every piece is told before', async () => {
  const clock = new FakeClock()
  const window = new ByteWindow(1 << 20)
  const fed: string[] = []
  const writes: string[] = []
  const input: ChildInput = {
    write(...pieces) {
      writes.push(Buffer.concat(pieces).toString())
      return Promise.resolve()
    },
    end: () => undefined,
    unread: () => 0,
  }
  const feeder = new Feeder(
    clock,
    window,
    {
      accepts: () => true,
      allowance: () => Infinity,
      before: () => null,
      handingOver: ({ from, to, first, next }: Piece) => void fed.push(`${from}-${to}:${first}-${next}`),
      failed: () => assert.fail('the input holds'),
      rested: () => undefined,
    },
    () => true,
  )
  for (let i = 0; i < 3; i++) {
    const batch = batchOf(at, 1, i * 3, ['aa', null, 'bb'])
    await window.take(heldBytes(batch))
    feeder.push(batch)
  }
  feeder.push(batchOf(at, 1, 9, [null]))
  feeder.attach(input)
  await turn()
  // A new child gets one line first; then four times as much.
  await clock.advance(50)
  assert.deepEqual(writes, ['aa\n', 'bb\naa\nbb\naa\n', 'bb\n'])
  assert.deepEqual(fed, ['0-1:0-2', '1-2:2-3', '0-2:3-6', '0-1:6-8', '1-2:8-9', '0-0:9-10'])
  assert.equal(window.used, 0)
})

for (const [protocol, releaseOnWrite] of [
  ['relay', true],
  ['one-to-one', false],
] as const) {
  test(`a batch may serve again once the pipe has all of it, but not where answers need it (${protocol})`, async () => {
    const clock = new FakeClock()
    const window = new ByteWindow(1 << 20)
    const writes: PromiseWithResolvers<undefined>[] = []
    const input: ChildInput = {
      write() {
        const write = Promise.withResolvers<undefined>()
        writes.push(write)
        return write.promise
      },
      end: () => undefined,
      unread: () => 0,
    }
    const hooks = {
      accepts: () => true,
      allowance: () => 1,
      before: () => null,
      handingOver: () => undefined,
      failed: () => undefined,
      rested: () => undefined,
    }
    const feeder = new Feeder(clock, window, hooks, () => releaseOnWrite)
    const recycled: string[] = []
    for (const name of ['a', 'b']) {
      const batch = { ...batchOf(at, 1, 0, [`${name}1`, `${name}2`]), recycle: () => void recycled.push(name) }
      await window.take(heldBytes(batch))
      feeder.push(batch)
    }
    feeder.attach(input)
    const written = async (index: number): Promise<void> => {
      writes[index]?.resolve(undefined)
      await clock.advance(50)
    }
    await written(0)
    assert.equal(writes.length, 2)
    assert.deepEqual(recycled, [], 'half of a is in the pipe, and half is being written')
    await written(1)
    assert.deepEqual(recycled, releaseOnWrite ? ['a'] : [])
    await written(2)
    writes[3]?.reject(new Error('EPIPE'))
    await clock.advance(50)
    assert.deepEqual(recycled, releaseOnWrite ? ['a'] : [], 'b is fetched again when the child has been settled')
  })
}
