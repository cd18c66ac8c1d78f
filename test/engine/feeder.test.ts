import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { ByteWindow } from '../../src/domain/stream/window.ts'
import { Feeder, type Piece } from '../../src/engine/feeder.ts'
import type { ChildInput } from '../../src/engine/ports.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { batchOf } from '../support/stream-world.ts'

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
    await window.take(batch.bytes.length)
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
