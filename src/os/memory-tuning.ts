import { setFlagsFromString } from 'node:v8'
import type { Libc } from './libc.ts'

/**
 * For a process with a data path: what it no longer needs goes back to the system soon. Large buffers are mapped by
 * themselves, where `libc` is there. Old objects are collected when they have grown by a fifth, not when they have doubled:
 * most of them are what batches leave behind, and a long run would be 10 to 20 MB larger than a short one.
 */
export function tuneMemory(libc: Libc | null): void {
  libc?.mapLarge()
  // V8 looks at it after each collection. Among the options at start it would void the binary's code cache.
  setFlagsFromString('--heap-growing-percent=20')
}
