import type { Environment } from './read.ts'

/** Whether text for `stream` is to be coloured: it is a terminal, and NO_COLOR is unset or empty (no-color.org). */
export const wantsColors = (stream: { readonly isTTY?: boolean }, environment: Environment): boolean =>
  stream.isTTY === true && (environment['NO_COLOR'] ?? '') === ''
