// Python's shlex, in the two ways supervisord uses it: a command's words, and the tokens of KEY=value lists.

/** The words, or what is wrong, in Python's text. */
export type Words = { readonly words: readonly string[] } | { readonly broken: string }

const BLANK = ' \t\r\n'

/**
 * Splits a command as a POSIX shell would, without comments, variables or globs (Python: shlex.split).
 * `'a b' c\ d ""` → `a b`, `c d`, ``.
 */
export function shellWords(command: string): Words {
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  const characters = Array.from(command)
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? ''
    if (character === '\\' && quote !== "'") {
      const next = characters[++index]
      if (next === undefined) return { broken: 'No escaped character' }
      // Between double quotes a backslash protects only itself and the quote.
      word = (word ?? '') + (quote === '' || next === '"' || next === '\\' ? next : `\\${next}`)
    } else if (quote !== '') {
      if (character === quote) quote = ''
      else word = (word ?? '') + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (!BLANK.includes(character)) word = (word ?? '') + character
    else if (word !== null) {
      words.push(word)
      word = null
    }
  }
  if (quote !== '') return { broken: 'No closing quotation' }
  return { words: word === null ? words : [...words, word] }
}

const WORD_CHARACTER = /^[A-Za-z0-9_/.+():-]$/

/**
 * The tokens of `KEY=value,KEY2="value"` (Python: shlex.shlex, not POSIX, word characters extended by `/.+-():`).
 * Quotes stay in the token; inside a word they mean nothing; `#` begins a comment to the end of the line.
 */
export function listTokens(list: string): Words {
  const tokens: string[] = []
  const characters = Array.from(list)
  let word = ''
  const finish = (): void => {
    if (word !== '') tokens.push(word)
    word = ''
  }
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? ''
    const isQuote = character === '"' || character === "'"
    if (BLANK.includes(character)) finish()
    else if (character === '#') {
      // A word goes on behind the comment: so it is in Python.
      const end = characters.indexOf('\n', index)
      index = end < 0 ? characters.length : end
    } else if (WORD_CHARACTER.test(character) || (isQuote && word !== '')) word += character
    else if (isQuote) {
      const end = characters.indexOf(character, index + 1)
      if (end < 0) return { broken: 'No closing quotation' }
      tokens.push(characters.slice(index, end + 1).join(''))
      index = end
    } else {
      finish()
      tokens.push(character)
    }
  }
  finish()
  return { words: tokens }
}
