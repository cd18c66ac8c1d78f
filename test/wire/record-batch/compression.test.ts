// LZ4 and Snappy against an independent implementation (Rust, in WebAssembly), and what all compressions promise.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { lz4Compress, lz4Decompress, snappyCompress, snappyDecompress } from '@platformatic/wasm-utils'
import fc from 'fast-check'
import { codecs, compressions } from '../../../src/wire/record-batch/compression.ts'
import { TooLargeError } from '../../../src/wire/record-batch/errors.ts'

const LIMIT = 1 << 20
const { lz4, snappy } = codecs
const all = compressions.filter((compression) => compression !== 'none')

/** Something that repeats itself near and far, with runs, and something that doesn't. */
const text = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 80, size: 'max' }),
      fc.tuple(fc.constantFrom(0, 120), fc.nat(700)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc.constantFrom('{"sensor":"s-1","value":', '"state":"ok"}', 'x').map((word) => Buffer.from(word)),
    ),
    { maxLength: 60, size: 'max' },
  )
  .chain((parts) => fc.nat(30).map((times) => Buffer.concat(Array.from({ length: times }, () => parts).flat())))

/** Bytes that no compression shrinks, and that need several blocks. */
const noise = (length: number): Buffer => {
  let state = 1
  return Buffer.from(Uint8Array.from({ length }, () => (state = Math.imul(state, 1103515245) + 12345) >>> 16))
}

/** Snappy blocks behind xerial's header. */
function framed(...blocks: Buffer[]): Buffer {
  const sized = blocks.map((block) => Buffer.concat([Buffer.alloc(4), block]))
  blocks.forEach((block, i) => sized[i]?.writeInt32BE(block.length))
  return Buffer.concat([Buffer.from('82534e41505059000000000100000001', 'hex'), ...sized])
}

/** What a foreign reader makes of xerial's framing. */
function unframed(bytes: Buffer): Buffer {
  assert.equal(bytes.toString('latin1', 1, 7), 'SNAPPY')
  const parts: Buffer[] = []
  for (let at = 16; at < bytes.length; at += 4 + bytes.readInt32BE(at)) {
    parts.push(snappyDecompress(bytes.subarray(at + 4, at + 4 + bytes.readInt32BE(at))))
  }
  return Buffer.concat(parts)
}

test('LZ4: others read what is written, and the other way round', async () => {
  const check = async (bytes: Buffer): Promise<void> => {
    const ours = await lz4.compress(bytes)
    if (bytes.length === 0) {
      assert.deepEqual(await lz4.decompress(ours, LIMIT), bytes)
      return
    }
    assert.ok(lz4Decompress(ours).equals(bytes))
    assert.ok((await lz4.decompress(ours, LIMIT)).equals(bytes))
    assert.ok((await lz4.decompress(lz4Compress(bytes), LIMIT)).equals(bytes))
  }
  // The foreign one cannot take nothing.
  for (const size of [0, 1, 12, 13, 14, 0xffff, 0x1_0000, 0x1_0001, 300_000]) {
    await check(noise(size))
    await check(Buffer.alloc(size, 7))
  }
  await fc.assert(fc.asyncProperty(text, check), { numRuns: 60 })
})

test('Snappy: others read what is written, and the other way round', async () => {
  const check = async (bytes: Buffer): Promise<void> => {
    const ours = await snappy.compress(bytes)
    if (bytes.length === 0) {
      assert.deepEqual(await snappy.decompress(ours, LIMIT), bytes)
      return
    }
    assert.ok(unframed(ours).equals(bytes))
    assert.ok((await snappy.decompress(ours, LIMIT)).equals(bytes))
    const raw = snappyCompress(bytes)
    assert.ok((await snappy.decompress(raw, LIMIT)).equals(bytes))
    assert.ok((await snappy.decompress(framed(raw, raw), LIMIT)).equals(Buffer.concat([bytes, bytes])))
  }
  for (const size of [0, 1, 60, 61, 256, 257, 0x7fff, 0x8000, 0x8001, 300_000]) {
    await check(noise(size))
    await check(Buffer.alloc(size, 7))
  }
  await fc.assert(fc.asyncProperty(text, check), { numRuns: 60 })
})

test('Snappy: long literals and far copies, which our own writer never makes', async () => {
  const literals = noise(70_000)
  const length = Buffer.from([0xf0, 0xa2, 0x04]) // 70,000
  const threeBytes = Buffer.from([62 << 2, ...[69_999, 69_999 >> 8, 69_999 >> 16].map((byte) => byte & 0xff)])
  assert.deepEqual(await snappy.decompress(Buffer.concat([length, threeBytes, literals]), LIMIT), literals)
  const four = Buffer.from([0xf4, 0xa2, 0x04]) // 70,004
  const copy = Buffer.from([(3 << 2) | 3, ...[70_000, 70_000 >> 8, 70_000 >> 16, 0].map((byte) => byte & 0xff)])
  const whole = Buffer.concat([literals, literals.subarray(0, 4)])
  assert.deepEqual(await snappy.decompress(Buffer.concat([four, threeBytes, literals, copy]), LIMIT), whole)
})

test('LZ4: linked blocks, checksums and a content size, which our own writer never makes', async () => {
  const stored = Buffer.from('080000806162636465666768', 'hex') // 8 bytes as they are: abcdefgh
  const linked = Buffer.from('09000000040800504142434445', 'hex') // 8 from 8 back, then ABCDE
  const sum = Buffer.alloc(4, 0xaa)
  const end = Buffer.alloc(4)
  const magic = Buffer.from('04224d18', 'hex')
  const plain = Buffer.concat([magic, Buffer.from([0x40, 0x40, 0]), stored, linked, end])
  assert.equal(String(await lz4.decompress(plain, LIMIT)), 'abcdefghabcdefghABCDE')
  const size = Buffer.alloc(8)
  size.writeUInt8(21)
  const full = [magic, Buffer.from([0x5c, 0x70]), size, Buffer.from([0]), stored, sum, linked, sum, end, sum]
  assert.equal(String(await lz4.decompress(Buffer.concat(full), LIMIT)), 'abcdefghabcdefghABCDE')
})

const bombs = {
  gzip: gzipSync(Buffer.alloc(8 << 20)),
  zstd: zstdCompressSync(Buffer.alloc(8 << 20)),
  lz4: await lz4.compress(Buffer.alloc(8 << 20)),
  snappy: await snappy.compress(Buffer.alloc(8 << 20)),
}

test('the limit holds to the byte, and a bomb is an error', async () => {
  for (const name of all) {
    const bytes = noise(100_000)
    const small = await codecs[name].compress(bytes)
    assert.ok((await codecs[name].decompress(small, bytes.length)).equals(bytes), name)
    await assert.rejects(codecs[name].decompress(small, bytes.length - 1), TooLargeError, name)
    await assert.rejects(codecs[name].decompress(bombs[name], LIMIT), TooLargeError, name)
  }
  await assert.rejects(snappy.decompress(snappyCompress(Buffer.alloc(8 << 20)), LIMIT), TooLargeError)
  await assert.rejects(snappy.decompress(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0]), LIMIT), RangeError)
  await assert.rejects(snappy.decompress(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0]), LIMIT), RangeError)
})

test('bytes cut short are an error', async () => {
  const bytes = Buffer.from('{"sensor":"s-1","value":1}\n'.repeat(20))
  for (const name of all) {
    const small = await codecs[name].compress(bytes)
    for (let length = 0; length < small.length; length++) {
      // A frame of Snappy blocks may end after any; what lacks then, the records tell.
      if (name === 'snappy' && length === 16) continue
      await assert.rejects(codecs[name].decompress(small.subarray(0, length), LIMIT), Error, `${name} ${length}`)
    }
  }
})

test('damaged bytes end in an error or in bytes within the limit', async () => {
  const sources = await Promise.all([
    lz4.compress(Buffer.from('abcabcabc'.repeat(50))),
    snappy.compress(Buffer.from('abcabcabc'.repeat(50))),
  ])
  const raw = snappyCompress(Buffer.from('abcabcabd'.repeat(50)))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom([lz4, sources[0]] as const, [snappy, sources[1]] as const, [snappy, raw] as const),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      async ([codec, source], changes) => {
        const bytes = Buffer.from(source)
        for (const [at, byte] of changes) bytes.writeUInt8(byte, at % bytes.length)
        try {
          assert.ok((await codec.decompress(bytes, 5000)).length <= 5000)
        } catch (error) {
          assert.ok(error instanceof RangeError && !('code' in error), String(error))
        }
      },
    ),
    { numRuns: 3000 },
  )
})

test('others have their turn meanwhile', async () => {
  const bytes = Buffer.alloc(8 << 20, 'some text that repeats itself')
  const turnsDuring = async (work: () => Promise<unknown>): Promise<number> => {
    let turns = 0
    let over = false
    const count = (): void => {
      turns++
      if (!over) setImmediate(count)
    }
    count()
    await work()
    over = true
    return turns
  }
  const steps: Record<string, () => Promise<unknown>> = {
    'LZ4 out': () => lz4.compress(bytes),
    'LZ4 in': () => lz4.decompress(bombs.lz4, bytes.length),
    'Snappy out': () => snappy.compress(bytes),
    'Snappy in': () => snappy.decompress(bombs.snappy, bytes.length),
    'one raw Snappy block': () => snappy.decompress(snappyCompress(bytes), bytes.length),
  }
  for (const [name, work] of Object.entries(steps)) {
    const turns = await turnsDuring(work)
    assert.ok(turns >= 7, `${name}: ${turns} turns for 8 MiB`)
  }
})
