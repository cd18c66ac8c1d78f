// Record headers as bytes, with their count in front.
import type { Headers } from '../../domain/stream/line-batch.ts'
import { putVarint, sizeOfVarint } from './varint.ts'

const NONE = new Uint8Array([0])
const NO_VALUE = -1

/** Written once where many records share them. A header without value is written as such, not as an empty one. */
export function encodeHeaders(headers: Headers): Uint8Array {
  if (headers.length === 0) return NONE
  let size = sizeOfVarint(headers.length)
  for (const [name, value] of headers) {
    const nameBytes = Buffer.byteLength(name)
    size += sizeOfVarint(nameBytes) + nameBytes
    size += value === null ? sizeOfVarint(NO_VALUE) : sizeOfVarint(value.length) + value.length
  }
  const out = Buffer.allocUnsafe(size)
  let at = putVarint(out, 0, headers.length)
  for (const [name, value] of headers) {
    at = putVarint(out, at, Buffer.byteLength(name))
    at += out.write(name, at)
    at = putVarint(out, at, value === null ? NO_VALUE : value.length)
    if (value === null) continue
    out.set(value, at)
    at += value.length
  }
  return out
}
