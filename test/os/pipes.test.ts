import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startChild } from './start-child.ts'

test('memory of stdout serves again once it was released, and no earlier; room in front of a read is free', async (t: TestContext) => {
  const child = startChild(t, ['seq', '1000000', '1999999'])
  const held: { readonly chunk: Uint8Array; readonly copy: Buffer }[] = []
  const memories = new Set<ArrayBufferLike>()
  let bytes = 0
  let free = 0
  await new Promise<void>((resolve) => {
    child.stdout.listen({
      data(chunk, headroom = 0) {
        bytes += chunk.length
        free += headroom
        new Uint8Array(chunk.buffer, chunk.byteOffset - headroom, headroom).fill(1)
        memories.add(chunk.buffer)
        held.push({ chunk, copy: Buffer.from(chunk) })
        if (held.length <= 20) return
        // All that is held still holds what it held; the oldest goes.
        for (const { chunk: view, copy } of held) assert.ok(copy.equals(view))
        held.shift()
        if (held[0]) child.stdout.release?.(held[0].chunk)
      },
      end: resolve,
    })
  })
  assert.equal(bytes, 8_000_000)
  assert.ok(free > 0)
  // 8 MB passed through slabs of 1 MiB; those of twenty chunks are in use at once.
  assert.ok(memories.size <= 7, `${memories.size} slabs`)
})
