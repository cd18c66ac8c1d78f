import { createHash, timingSafeEqual } from 'node:crypto'

/** In a time that tells nothing of where two texts differ, nor of their lengths. */
export function sameSecret(left: string, right: string): boolean {
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = [left, right].map((text) =>
    createHash('sha256').update(text).digest(),
  )
  return timingSafeEqual(first, second)
}
