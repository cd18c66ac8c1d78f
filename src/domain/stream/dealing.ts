// Which worker gets which records, where several share the input. Both answers depend on nothing but the record and the
// number of workers: a record that is fetched again goes to the worker that had it.
import type { LineBatch } from './line-batch.ts'
import { startOfLine } from './lines.ts'
import { murmur2 } from './output-partition.ts'

/** `partition`: each partition belongs to one worker. `key`: all records with one key do. */
export const dealings = ['partition', 'key'] as const

/** More would only share too small a buffer. */
export const WORKERS_MAX = 256

export type Dealing = (typeof dealings)[number]

/**
 * The worker of a record among `count`: by the hash of its key, without one by its offset. The hash is mixed once more,
 * since the keys of one partition are those whose murmur2 agrees modulo the partition count: they would all fall to few
 * workers.
 */
export function workerOfRecord(key: Uint8Array | null, offset: number, count: number): number {
  return key === null ? offset % count : Math.floor(((mixed(murmur2(key)) >>> 0) / 2 ** 32) * count)
}

/** MurmurHash3's finalizer: each bit of the input changes each bit of the output half of the time. */
function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return mix ^ (mix >>> 16)
}

/** The worker of each record of the batch. */
export function workersOf({ count, offsets, context }: LineBatch, workers: number): Uint16Array {
  const owners = new Uint16Array(count)
  for (let i = 0; i < count; i++) owners[i] = workerOfRecord(context.key(i), offsets[i] ?? 0, workers)
  return owners
}

/**
 * The records of one worker from offset `from` on, copied, as its share of the batch's offsets; those in between are
 * not there for it. Tombstones are nobody's here.
 */
export function partOf(batch: LineBatch, owners: Uint16Array, worker: number, from: number): LineBatch {
  const { context, ends, offsets } = batch
  const mine: number[] = []
  let size = 0
  for (let i = 0; i < batch.count; i++) {
    if (owners[i] !== worker || (offsets[i] ?? 0) < from) continue
    mine.push(i)
    size += (ends[i] ?? 0) - startOfLine(batch, i)
  }
  const bytes = new Uint8Array(size)
  const partEnds = new Uint32Array(mine.length)
  let at = 0
  for (const [index, i] of mine.entries()) {
    const line = batch.bytes.subarray(startOfLine(batch, i), ends[i])
    bytes.set(line, at)
    partEnds[index] = at += line.length
  }
  const original = (index: number): number => mine[index] ?? 0
  return {
    topic: batch.topic,
    partition: batch.partition,
    epoch: batch.epoch,
    firstOffset: Math.max(batch.firstOffset, from),
    nextOffset: batch.nextOffset,
    count: mine.length,
    bytes,
    ends: partEnds,
    offsets: Float64Array.from(mine, (i) => offsets[i] ?? 0),
    tombstones: 0,
    besides: batch.besides,
    context: {
      hasHeaders: context.hasHeaders,
      key: (index) => context.key(original(index)),
      headers: (index) => context.headers(original(index)),
      timestamp: (index) => context.timestamp(original(index)),
    },
  }
}

/** Who gets one more of `loads`: whoever has least, of equals the first. */
export const leastLoaded = (loads: readonly number[]): number => loads.indexOf(Math.min(...loads))

/** Who should give one to whom, so that nobody has two more than another; null where that holds. */
export function unevenness(loads: readonly number[]): { readonly from: number; readonly to: number } | null {
  const from = loads.indexOf(Math.max(...loads))
  const to = leastLoaded(loads)
  return (loads[from] ?? 0) - (loads[to] ?? 0) > 1 ? { from, to } : null
}

/** What several workers have to go with. */
export interface WorkersUse {
  readonly workers: number
  readonly dealing: Dealing
  readonly delivery: 'at-least-once' | 'at-most-once' | 'exactly-once'
  /** The input is a file, or the agent's stdin. */
  readonly local: boolean
}

/** Why there cannot be so many workers, for a person; null when there can. */
export function workersProblem({ workers, dealing, delivery, local }: WorkersUse): string | null {
  if (workers === 1) return null
  if (local) return 'a local input (--in) is read by one Calculator'
  if (delivery === 'exactly-once') return 'DELIVERY=exactly-once binds all output of an agent into one transaction'
  if (delivery === 'at-most-once' && dealing === 'key') {
    return 'DELIVERY=at-most-once needs WORKERS_BY=partition, since a commit is of a whole partition'
  }
  return null
}
