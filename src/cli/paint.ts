/** SGR codes of ANSI terminals. */
export const ansi = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const

/** `text` in an ANSI colour, where `colors` says so. */
export const paint = (colors: boolean, code: number, text: string): string =>
  colors ? `\u001b[${code}m${text}\u001b[0m` : text
