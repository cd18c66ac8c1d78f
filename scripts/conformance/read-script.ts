// The recorded script, line by line; its head says what the lines mean.
import { shellWords } from '../../src/wire/ini/shell-words.ts'

export type Step =
  | { readonly kind: 'command'; readonly words: readonly string[]; readonly how: How; readonly line: string }
  | { readonly kind: 'shell'; readonly typed: readonly string[]; readonly line: string }
  | { readonly kind: 'wait'; readonly name: string; readonly state: string }
  | { readonly kind: 'call'; readonly method: string; readonly words: readonly string[] }
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }

export interface How {
  readonly sorted: boolean
  readonly codeOnly: boolean
  readonly firstLine: boolean
  /** Without `-c`. */
  readonly bare: boolean
  /** Ctrl-C after so many ms; null: it ends by itself. */
  readonly interruptAfter: number | null
}

/** @throws Error that names the line */
export function readScript(text: string): Step[] {
  const steps: Step[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line === '' || line.startsWith('#')) continue
    const [first = '', ...words] = wordsOf(line, at)
    const rest = line.slice(first.length).trim()
    if (first === '>>') steps.push({ kind: 'shell', typed: rest.split(';').map((typed) => typed.trim()), line })
    else if (first.startsWith('>')) steps.push({ kind: 'command', words, how: howOf(first.slice(1)), line })
    else if (first === 'wait') steps.push({ kind: 'wait', name: words[0] ?? '', state: words[1] ?? '' })
    else if (first === 'call') steps.push({ kind: 'call', method: words[0] ?? '', words: words.slice(1) })
    else if (first === 'remove') steps.push({ kind: 'remove', path: rest })
    else if (first === 'file') {
      const body: string[] = []
      while (lines[at + 1]?.startsWith('  ')) body.push((lines[++at] ?? '').slice(2))
      steps.push({ kind: 'file', path: rest, text: `${body.join('\n')}\n` })
    } else throw new Error(`script line ${at + 1}: unknown step ${JSON.stringify(first)}`)
  }
  return steps
}

function wordsOf(line: string, at: number): readonly string[] {
  // What is typed into the shell and written to files is nobody's to split.
  if (/^(>>|file|remove) /.test(line)) return [line.split(' ')[0] ?? '']
  const read = shellWords(line)
  if ('broken' in read) throw new Error(`script line ${at + 1}: ${read.broken}`)
  return read.words
}

function howOf(flags: string): How {
  const given = flags.split(',')
  const until = given.find((flag) => flag.startsWith('for='))
  return {
    sorted: given.includes('sorted'),
    codeOnly: given.includes('code'),
    firstLine: given.includes('first'),
    bare: given.includes('bare'),
    interruptAfter: until === undefined ? null : Number(until.slice('for='.length)),
  }
}
