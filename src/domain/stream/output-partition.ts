const MULTIPLIER = 0x5bd1e995
const SEED = 0x9747b28c

/** The signed 32-bit hash that Kafka's Java producer places keys with (`Utils.murmur2`). */
export function murmur2(key: Uint8Array): number {
  const length = key.length
  const whole = length & ~3
  let hash = SEED ^ length
  for (let i = 0; i < whole; i += 4) {
    let word = at(key, i) | (at(key, i + 1) << 8) | (at(key, i + 2) << 16) | (at(key, i + 3) << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  const rest = length - whole
  if (rest === 3) hash ^= at(key, whole + 2) << 16
  if (rest >= 2) hash ^= at(key, whole + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ at(key, whole), MULTIPLIER)
  hash ^= hash >>> 13
  hash = Math.imul(hash, MULTIPLIER)
  return hash ^ (hash >>> 15)
}

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0

/** The partition of a keyed record among `count`, as Kafka's Java producer has it: toPositive(murmur2) modulo count. */
export const partitionForKey = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count

/** Partitions for batches of records without keys: the next batch goes to the next partition. */
export class StickyPartition {
  #next = 0

  /** `count`: how many partitions the output topic has now. */
  next(count: number): number {
    const partition = this.#next % count
    this.#next = (partition + 1) % count
    return partition
  }
}
