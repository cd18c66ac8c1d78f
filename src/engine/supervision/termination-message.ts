import type { BlackBox } from '../stream/black-box.ts'

/** Kubernetes: a termination message over 4096 bytes is cut by the kubelet, at its end. */
const LIMIT = 4096
/** What each part may take, so that none of them pushes out the others. */
const REASON = 900
const STDERR = 1800
const DIRECTION = 600

/**
 * Why the agent ends, for the platform to show: the reason, then the Calculator's last words, at most 4096 bytes of
 * UTF-8. `box`: of its last crash, null where there was none.
 */
export function terminationMessage(reason: string, box: BlackBox | null, stderr: readonly string[]): string {
  const parts = [
    clipped(reason, REASON),
    ...section('last stderr', stderr, STDERR),
    ...section('last output', box?.printed ?? [], DIRECTION),
    ...section('last input', box?.fed ?? [], DIRECTION),
  ]
  return clipped(`${parts.join('\n')}\n`, LIMIT)
}

/** The heading, and as many of the last lines as there is room for. */
function section(heading: string, lines: readonly string[], room: number): string[] {
  const kept: string[] = []
  let left = room
  for (const line of lines.toReversed()) {
    const bytes = bytesOf(line) + 1
    if (bytes > left && kept.length > 0) break
    kept.unshift(bytes > left ? clipped(line, left) : line)
    left -= bytes
  }
  return kept.length === 0 ? [] : [`${heading}:`, ...kept]
}

const encoder = new TextEncoder()
const bytesOf = (text: string): number => encoder.encode(text).length

/** The beginning of the text, at most `most` bytes, without half a character at its end. */
const clipped = (text: string, most: number): string =>
  bytesOf(text) <= most
    ? text
    : new TextDecoder().decode(encoder.encode(text).subarray(0, most)).replace(/\ufffd+$/, '')
