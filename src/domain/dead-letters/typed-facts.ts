/** Facts of a letter that are numbers; in headers they are texts, as everything there. */
const numbers = new Set(['partition', 'offset', 'timestamp', 'attempts', 'exit-code', 'length', 'limit', 'truncated'])

/**
 * The facts behind `x-dlq-*` as fields of JSON: in camelCase, and numbers where they are numbers. What another program
 * wrote there and is no number stays its text.
 */
export const typedFacts = (facts: Iterable<readonly [name: string, text: string]>): Record<string, string | number> =>
  Object.fromEntries(
    [...facts].map(([name, text]) => [
      name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      numbers.has(name) && /^-?\d{1,15}$/.test(text) ? Number(text) : text,
    ]),
  )
