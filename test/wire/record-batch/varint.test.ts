import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Cursor, putVarint, putVarlong, sizeOfVarint, sizeOfVarlong } from '../../../src/wire/record-batch/varint.ts'

const bytesOf = (put: typeof putVarint, value: number): number[] => {
  const out = Buffer.alloc(12, 0xee)
  return [...out.subarray(0, put(out, 0, value))]
}

/** Zigzag and groups of seven bits by the letter of the format, in big integers. */
function expected(value: number, bits: bigint): number[] {
  let rest = BigInt.asUintN(Number(bits), (BigInt(value) << 1n) ^ (BigInt(value) >> (bits - 1n)))
  const bytes: number[] = []
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

const INT_EDGES = [0, -1, 1, 63, -64, 64, -65, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)]
const LONG_EDGES = [...INT_EDGES, 2 ** 31, 2 ** 40, -(2 ** 41), 2 ** 52 - 1, 1 - 2 ** 52]

test('32 bits', () => {
  const check = (value: number): void => {
    const bytes = bytesOf(putVarint, value)
    assert.deepEqual(bytes, expected(value, 32n))
    assert.equal(sizeOfVarint(value), bytes.length)
    const cursor = new Cursor(Buffer.from([9, ...bytes, 9]), 1)
    assert.equal(cursor.varint(), value)
    assert.equal(cursor.at, 1 + bytes.length)
  }
  INT_EDGES.forEach(check)
  fc.assert(fc.property(fc.integer(), check))
})

test('64 bits, as far as the doubled number is exact', () => {
  const check = (value: number): void => {
    const bytes = bytesOf(putVarlong, value)
    assert.deepEqual(bytes, expected(value, 64n))
    assert.equal(sizeOfVarlong(value), bytes.length)
    const cursor = new Cursor(Buffer.from([9, ...bytes, 9]), 1)
    assert.equal(cursor.varlong(), value)
    assert.equal(cursor.at, 1 + bytes.length)
  }
  LONG_EDGES.forEach(check)
  fc.assert(fc.property(fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 }), check))
})

test('too many bytes are an error, too few end', () => {
  const endless = Buffer.alloc(20, 0xff)
  assert.throws(() => new Cursor(endless, 0).varint(), RangeError)
  assert.throws(() => new Cursor(endless, 0).varlong(), RangeError)
  const cut = new Cursor(Buffer.from([0x80]), 0)
  assert.equal(cut.varint(), 0)
  assert.equal(cut.at, 2)
})
