import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { RequestWriter } from '../../../src/kafka/protocol/request-writer.ts'
import { ResponseReader } from '../../../src/kafka/protocol/response-reader.ts'

const bytesOf = (writer: RequestWriter): Buffer => Buffer.concat(writer.pieces())

test('what is written is read: every kind of field', () => {
  const field = fc.record({
    int8: fc.integer({ min: -128, max: 127 }),
    int16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
    int32: fc.integer(),
    int64: fc.maxSafeInteger(),
    varuint: fc.nat(),
    string: fc.option(fc.string()),
    bytes: fc.option(fc.uint8Array({ maxLength: 700 })),
    list: fc.array(fc.integer(), { maxLength: 5 }),
  })
  fc.assert(
    fc.property(fc.array(field, { maxLength: 6 }), (fields) => {
      const writer = new RequestWriter()
      for (const { int8, int16, int32, int64, varuint, string, bytes, list } of fields) {
        writer.int8(int8).int16(int16).int32(int32).int64(int64).varuint(varuint).string(string).compactString(string)
        const raw = bytes ?? new Uint8Array()
        const compactLength = bytes === null ? 0 : bytes.length + 1
        writer.bytes(bytes).varuint(compactLength).raw(raw).largeBytes(raw)
        writer
          .array(list, (each) => writer.int32(each))
          .compactArray(list, (each) => writer.int32(each))
          .noTags()
      }
      const bytes = bytesOf(writer)
      assert.equal(writer.length, bytes.length)
      const reader = new ResponseReader(bytes)
      for (const expected of fields) {
        const sameBytes = (found: Buffer | null): void =>
          assert.deepEqual(found && Uint8Array.from(found), expected.bytes)
        assert.deepEqual(
          [reader.int8(), reader.int16(), reader.int32()],
          [expected.int8, expected.int16, expected.int32],
        )
        assert.deepEqual([reader.int64(), reader.varuint()], [expected.int64, expected.varuint])
        assert.deepEqual([reader.nullableString(), reader.compactNullableString()], [expected.string, expected.string])
        sameBytes(reader.bytes())
        sameBytes(reader.compactBytes())
        assert.deepEqual(Uint8Array.from(reader.bytes() ?? []), expected.bytes ?? new Uint8Array())
        assert.deepEqual(
          [reader.array(() => reader.int32()), reader.compactArray(() => reader.int32())],
          [expected.list, expected.list],
        )
        reader.skipTags()
      }
      assert.equal(reader.left, 0)
    }),
  )
})

test('of tagged fields one is read, wherever it stands, and the others are passed over', () => {
  const structure = (...tags: number[]): Buffer => {
    const to = new RequestWriter().varuint(tags.length)
    for (const tag of tags) to.varuint(tag).varuint(5).int32(tag).noTags()
    return bytesOf(to.int8(7))
  }
  for (const [tags, expected] of [
    [[], null],
    [[0], 0],
    [[1, 300], null],
    [[0, 1, 300], 0],
    [[1, 0, 300], 0],
  ] as const) {
    const reader = new ResponseReader(structure(...tags))
    const found = reader.tagged(0, (field) => field.int32())
    assert.deepEqual([found, reader.int8(), reader.left], [expected, 7, 0])
  }
  const short = new ResponseReader(structure(0))
  assert.throws(
    () => short.tagged(0, (field) => [field.int64()]),
    { code: 'FAILED' },
    'a field does not reach beyond its end',
  )
})

const Decoder = createRequire(import.meta.url)('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => {
  readInt64(): bigint
}

test('64-bit numbers are those of kafkajs', () => {
  for (const value of [0, 1, -1, -2, 2 ** 31, 2 ** 32, -(2 ** 40), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    assert.equal(new Decoder(bytesOf(new RequestWriter().int64(value))).readInt64(), BigInt(value))
  }
})

test('an answer that is cut short or lies about its counts is an error, not a loop', () => {
  const failed = { code: 'FAILED', message: /cannot read the broker's answer/ }
  assert.throws(() => new ResponseReader(Buffer.from([0, 0, 1])).int32(), failed)
  assert.throws(() => new ResponseReader(Buffer.from([0x7f, 0xff, 0xff, 0xff])).array(() => 0), failed)
  assert.throws(() => new ResponseReader(Buffer.from([0, 9, 65])).string(), failed)
  assert.throws(() => new ResponseReader(Buffer.alloc(9, 0xff)).varuint(), failed)
  assert.throws(() => new ResponseReader(Buffer.from([5, 65])).compactString(), failed)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const reader = new ResponseReader(Buffer.from(bytes))
      try {
        while (reader.left > 0) reader.compactArray(() => reader.string())
        reader.skipTags()
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'FAILED')
      }
    }),
  )
})
