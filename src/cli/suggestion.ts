import { edits } from '../domain/nearest-name.ts'

/** The nearest name, where one is near; one dash instead of two is no distance. */
export function suggestion(word: string, known: readonly string[]): string {
  const plain = (text: string): string => text.replace(/^-+/, '').toLowerCase()
  const [best] = known
    .map((name) => ({ name, away: edits(plain(word), plain(name)) }))
    .filter(({ name, away }) => away <= Math.min(2, plain(name).length - 1))
    .sort((a, b) => a.away - b.away)
  return best === undefined ? '' : `, did you mean ${best.name}?`
}
