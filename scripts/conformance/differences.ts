import type { Entry } from './play.ts'

/** One text for each command whose output or exit code is not as expected. */
export function differences(expected: readonly Entry[], actual: readonly Entry[]): string[] {
  const count = Math.max(expected.length, actual.length)
  return Array.from({ length: count }, (_, at) => difference(expected[at], actual[at])).filter((text) => text !== '')
}

function difference(expected: Entry | undefined, actual: Entry | undefined): string {
  if (expected?.line !== actual?.line) return `step ${expected?.line ?? 'none'}: found ${actual?.line ?? 'none'}\n`
  const parts = (['stdout', 'stderr', 'code'] as const).filter((part) => expected?.[part] !== actual?.[part])
  const shown = parts.map((part) => {
    return `  ${part} expected ${JSON.stringify(expected?.[part])}\n  ${part} actual   ${JSON.stringify(actual?.[part])}\n`
  })
  return shown.length === 0 ? '' : `${expected?.line ?? ''}\n${shown.join('')}`
}
