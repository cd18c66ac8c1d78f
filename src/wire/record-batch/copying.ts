// Copies of a few bytes, where a call of the runtime costs more than a loop.

const LOOP_BELOW = 24

/** Copies `length` bytes of `source` to `out[at…)`; both must have room for them. */
export function copyBytes(source: Uint8Array, from: number, out: Uint8Array, at: number, length: number): void {
  if (length > LOOP_BELOW) out.set(source.subarray(from, from + length), at)
  else for (let i = 0; i < length; i++) out[at + i] = source[from + i] ?? 0
}

/** Repeats what lies `distance` bytes before `at`; where it overlaps itself it goes on with what was just written. */
export function repeatBytes(out: Uint8Array, at: number, distance: number, length: number): void {
  if (length > LOOP_BELOW && distance >= length) out.copyWithin(at, at - distance, at - distance + length)
  else for (let i = at; i < at + length; i++) out[i] = out[i - distance] ?? 0
}
