// The compressions of a record batch. Node's zlib works in its thread pool; LZ4 and Snappy are written here because no
// library that lives, bundles into one file and is safe on hostile bytes bounds what it allocates.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import { takeFrom, type Take } from '../buffer-pool.ts'
import { TooLargeError } from './errors.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'

/** In the order of their numbers in the attributes of a batch. */
export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

/** Both may take the memory of what they give by `take`. */
interface Codec {
  compress(bytes: Uint8Array, take?: Take): Promise<Buffer>
  /** Rejects with TooLargeError beyond `limit` bytes, with another error for malformed bytes. */
  decompress(bytes: Buffer, limit: number, take?: Take): Promise<Buffer>
}

const takeNew = takeFrom(null)

/** Bytes after which a loop lets others have their turn: about 2 ms. */
const TURN_BYTES = 1 << 20

/** Runs a codec that yields the bytes it got through. */
async function inTurns<T>(steps: Generator<number, T>): Promise<T> {
  for (let bytes = 0; ;) {
    const step = steps.next()
    if (step.done) return step.value
    bytes += step.value
    if (bytes < TURN_BYTES) continue
    await nextTurn()
    bytes = 0
  }
}

type Inflate = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

async function inflated(inflate: Inflate, bytes: Buffer, limit: number): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: limit })
  } catch (cause) {
    const tooLarge = cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    throw tooLarge ? new TooLargeError(`more than ${limit} bytes`, { cause }) : cause
  }
}

const gzipAsync = promisify(gzip)
const gunzipAsync: Inflate = promisify(gunzip)
const zstdCompressAsync = promisify(zstdCompress)
const zstdDecompressAsync: Inflate = promisify(zstdDecompress)

/** A number of the attributes that is not in here is unknown to Kafka, too. */
export const codecs: Record<Exclude<Compression, 'none'>, Codec> = {
  gzip: {
    compress: (bytes) => gzipAsync(bytes),
    decompress: (bytes, limit) => inflated(gunzipAsync, bytes, limit),
  },
  snappy: {
    compress: (bytes, take = takeNew) => inTurns(compressSnappy(bytes, take)),
    decompress: (bytes, limit, take = takeNew) => inTurns(decompressSnappy(bytes, limit, take)),
  },
  lz4: {
    compress: (bytes, take = takeNew) => inTurns(compressLz4(bytes, take)),
    decompress: (bytes, limit, take = takeNew) => inTurns(decompressLz4(bytes, limit, take)),
  },
  zstd: {
    compress: (bytes) => zstdCompressAsync(bytes),
    decompress: (bytes, limit) => inflated(zstdDecompressAsync, bytes, limit),
  },
}
