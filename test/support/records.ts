// Values of every kind that a topic can hold, from a seed: sizes log-uniform from 1 B to 64 KiB.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

/** A small generator, the same on every machine (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const MAX = 64 * 1024

/** CRLF, empty, tombstones, unicode, NUL, invalid UTF-8, JSON and plain text; no value has a newline inside. */
export function* stream(count: number, seed: number): Generator<Buffer | null> {
  const next = random(seed)
  const filler = Buffer.alloc(MAX)
  for (let i = 0; i < MAX; i++) filler[i] = 0x20 + Math.floor(next() * 95)
  for (let i = 0; i < count; i++) {
    const size = Math.max(1, Math.floor(MAX ** next()))
    const head = `${i} `
    const kind = Math.floor(next() * 40)
    if (kind === 0) yield null
    else if (kind === 1) yield Buffer.alloc(0)
    else if (kind === 2) yield Buffer.from(`${head}with a carriage return\r`)
    else if (kind === 3) yield Buffer.from(`${head}grüße, 日本語, 🦀 ${'ä'.repeat(size >> 3)}`)
    else if (kind === 4) yield Buffer.concat([Buffer.from(`${head}\0nul\0`), filler.subarray(0, size >> 3)])
    else if (kind === 5) yield Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80])])
    else if (kind < 10) yield Buffer.from(JSON.stringify({ i, text: filler.toString('latin1', 0, size >> 2) }))
    else yield Buffer.concat([Buffer.from(head), filler.subarray(0, size)])
  }
}

/** The same kinds and sizes, but each value is one JSON document, or no document at all (empty, tombstone). */
export function* jsonStream(count: number, seed: number): Generator<Buffer | null> {
  const next = random(seed)
  const text = String.raw`say \"hi\", C:\\temp, tab\t, `.repeat(MAX >> 4)
  for (let i = 0; i < count; i++) {
    const size = Math.max(1, Math.floor(MAX ** next()))
    const kind = Math.floor(next() * 40)
    if (kind === 0) yield null
    else if (kind === 1) yield Buffer.alloc(0)
    else if (kind === 2) yield Buffer.from(`{"i": ${i}}\r`)
    else if (kind === 3) yield Buffer.from(JSON.stringify([i, `grüße, 日本語, 🦀 ${'ä'.repeat(size >> 3)}`, '\u2028']))
    else if (kind === 4) yield Buffer.from(JSON.stringify({ i, nul: '\0 \u001f' }))
    else if (kind === 5) yield Buffer.from(`{"i":${i},"odd":"\xff\xfe\xc3("}`, 'latin1')
    else if (kind === 6) yield Buffer.from(String(i))
    else yield Buffer.from(`{"i": ${i}, "text": "${text.slice(0, size).replace(/\\+$/, '')}"}`)
  }
}

/** What a Calculator that copies lines prints: everything but the tombstones. */
export const lines = (values: readonly (Buffer | null)[]): Buffer[] => values.filter((value) => value !== null)

export const digest = (value: Buffer): string =>
  value.length <= 40 ? value.toString('latin1') : createHash('sha1').update(value).digest('base64')

/** Tombstones are left out. */
export const multiset = (values: Iterable<Buffer | null>): Multiset => {
  const set = new Multiset()
  for (const value of values) if (value !== null) set.add(value)
  return set
}

/** Values by their digests, so that half a gigabyte of them can be compared without being kept. */
export class Multiset {
  readonly #counts = new Map<string, number>()
  size = 0

  add(value: Buffer): void {
    const name = digest(value)
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    this.size++
  }

  /** How many of `other` this one has not. */
  lacks(other: Multiset): number {
    let missing = 0
    for (const [value, count] of other.#counts) missing += Math.max(0, count - (this.#counts.get(value) ?? 0))
    return missing
  }
}

/** Both hold the same values equally often. */
export function same(found: Multiset, expected: Multiset): void {
  assert.deepEqual(
    { missing: found.lacks(expected), extra: expected.lacks(found) },
    { missing: 0, extra: 0 },
    `${found.size} found, ${expected.size} expected`,
  )
}

/** Differences between two multisets of values, as a sentence for the failure. */
export function sameMultiset(found: readonly Buffer[], expected: readonly Buffer[]): void {
  same(multiset(found), multiset(expected))
}

/** Nothing of `expected` is missing; more than that may be there. Gives the number of duplicates. */
export function nothingMissing(found: readonly Buffer[], expected: readonly Buffer[]): number {
  const missing = multiset(found).lacks(multiset(expected))
  assert.equal(missing, 0, `${missing} of ${expected.length} are missing, ${found.length} found`)
  return found.length - expected.length
}
