import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IniDocument } from '../../src/wire/ini.ts'
import { mergeIni, parseIni, parsingErrorText } from '../../src/wire/ini.ts'
import { percentFormat } from '../../src/wire/ini/percent-format.ts'
import { repr, strip } from '../../src/wire/ini/python-text.ts'
import { listTokens, shellWords } from '../../src/wire/ini/shell-words.ts'
import { cpuTime } from '../support/cpu-time.ts'

const plain = ({ sections, defaults }: IniDocument): object => {
  const texts = (values: IniDocument['defaults']): object =>
    Object.fromEntries([...values].map(([key, { text }]) => [key, text]))
  return {
    ...Object.fromEntries([...sections].map(([name, { values }]) => [name, texts(values)])),
    ...(defaults.size === 0 ? {} : { DEFAULT: texts(defaults) }),
  }
}

const read = (text: string): object => {
  const { document, problems } = parseIni(text, 'x.conf')
  assert.deepEqual(problems, [])
  return plain(document)
}

const grammar: readonly (readonly [what: string, text: string, expected: object])[] = [
  ['keys in lower case, both separators', '[a]\nCommand = x\nUSER:y', { a: { command: 'x', user: 'y' } }],
  ['the first separator counts', '[a]\nk = a=b:c', { a: { k: 'a=b:c' } }],
  ['a repeated section merges, later keys win', '[a]\nk=1\nl=1\n[b]\n[a]\nk=2', { a: { k: '2', l: '1' }, b: {} }],
  ['sections are case-sensitive and keep blanks', '[A]\n[a]\n[ a ]', { A: {}, a: {}, ' a ': {} }],
  ['a header reaches to the last bracket', '[a]b] rest\nk=1', { 'a]b': { k: '1' } }],
  ['lines that start with blanks go on', '[a]\nk=1\n  2\n\t3\nl=4', { a: { k: '1\n2\n3', l: '4' } }],
  ['an empty line inside a value stays, at its end not', '[a]\nk=1\n\n  2\n\n\nl=3', { a: { k: '1\n\n2', l: '3' } }],
  ['a comment inside a value vanishes', '[a]\nk=1\n; c\n# d\n  2', { a: { k: '1\n2' } }],
  ['an option as deep as the one before is an option', '[a]\n  k=1\n  l=2\n   m=3', { a: { k: '1', l: '2\nm=3' } }],
  ['nothing goes on behind a header', '[a]\n  k=1', { a: { k: '1' } }],
  ['; or # behind a blank cuts, even in quotes', '[a]\nk=sh -c "x ; y"\nl=a #b', { a: { k: 'sh -c "x', l: 'a' } }],
  ['; and # without a blank stay', '[a]\nk=a;b\nl=a#b', { a: { k: 'a;b', l: 'a#b' } }],
  ['the first turn that finds a comment decides', '[a]\nk=a#b #c ;d', { a: { k: 'a#b #c' } }],
  ['an empty value', '[a]\nk=\nl= ; c', { a: { k: '', l: '' } }],
  ['[DEFAULT] is no section', '[DEFAULT]\nk=1\n[a]', { a: {}, DEFAULT: { k: '1' } }],
  ['Windows line ends and a byte order mark', '\ufeff[a]\r\nk=1\r\n 2\r\n', { a: { k: '1\n2' } }],
  ['blanks of Unicode are blanks', '[a]\nk\u00a0=\u20031\u3000', { a: { k: '1' } }],
  ['nothing', '', {}],
  ['comments only', '; x\n # y\n', {}],
  [
    'a name from the prototype',
    '[__proto__]\n__proto__=1',
    Object.fromEntries([['__proto__', Object.fromEntries([['__proto__', '1']])]]),
  ],
]

for (const [what, text, expected] of grammar) {
  test(`INI: ${what}`, () => assert.deepEqual(read(text), expected))
}

test('INI: a value knows where it and its key begin', () => {
  const { document } = parseIni('; head\n[a]  \n\n  Key  =   some value ; c\n', '/etc/x.conf')
  const section = document.sections.get('a')
  assert.deepEqual(section?.place, { file: '/etc/x.conf', line: 2, column: 1 })
  const value = section.values.get('key')
  assert.deepEqual(value?.keyPlace, { file: '/etc/x.conf', line: 4, column: 3 })
  assert.deepEqual(value.place, { file: '/etc/x.conf', line: 4, column: 12 })
})

test('INI: each wrong line is a problem with its place, and reading goes on', () => {
  const { document, problems } = parseIni('[a]\nfoo bar\n  k=1\n= x\nl=2\n[]\n', 'x.conf')
  assert.deepEqual(
    problems.map(({ place, line }) => [place.line, place.column, line]),
    [
      [2, 1, 'foo bar\n'],
      [4, 1, '= x\n'],
      [6, 1, '[]\n'],
    ],
  )
  assert.match(problems[0]?.expected ?? '', /key=value/)
  assert.deepEqual(plain(document), { a: { k: '1', l: '2' } })
  assert.equal(
    parsingErrorText('x.conf', problems),
    "Source contains parsing errors: 'x.conf'\n\t[line  2]: 'foo bar\\n'\n\t[line  4]: '= x\\n'\n\t[line  6]: '[]\\n'",
  )
})

test('INI: a line before any section ends the reading', () => {
  const { document, problems } = parseIni('; c\ncommand=cat\n[a]\nk=1', 'golden.conf')
  assert.equal(
    parsingErrorText('golden.conf', problems),
    "File contains no section headers.\nfile: 'golden.conf', line: 2\n'command=cat\\n'",
  )
  assert.deepEqual(plain(document), {})
})

test('INI: documents merge, later values win, sections stay in order', () => {
  const one = parseIni('[DEFAULT]\nd=1\n[a]\nk=1\nl=1', 'one').document
  const other = parseIni('[b]\n[a]\nk=2\n[DEFAULT]\nd=2', 'other').document
  const merged = mergeIni(one, other)
  assert.deepEqual(plain(merged), { a: { k: '2', l: '1' }, b: {}, DEFAULT: { d: '2' } })
  assert.equal(merged.sections.get('a')?.values.get('k')?.place.file, 'other')
  assert.equal(merged.sections.get('a')?.place.file, 'one')
  assert.deepEqual(plain(one), { a: { k: '1', l: '1' }, DEFAULT: { d: '1' } })
})

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('[', ']', '=', ':', ';', '#', ' ', '\n', '\r', '\t', 'k', '\u2028', '\ud800', '\0'), {
      maxLength: 60,
    })
    .map((parts) => parts.join('')),
)

test('INI: any text is read without an exception, and every problem names a line that is there', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const { problems, document } = parseIni(text, 'f')
      const lines = text.split(/\r\n|\r|\n/).length
      for (const { place } of problems) assert.ok(place.line >= 1 && place.line <= lines && place.column >= 1)
      for (const section of document.sections.values()) {
        for (const value of section.values.values()) {
          assert.equal(value.text, strip(value.text))
          assert.ok(value.keyPlace.line <= lines)
        }
      }
    }),
    { numRuns: 2000 },
  )
})

test('INI: the work grows with the text and no faster', () => {
  const long = 200_000
  const hard = [
    `[a]\nk${' '.repeat(long)}x`,
    `[a]\nk=${' '.repeat(long)}x${' '.repeat(long)}`,
    `[a]\nk=${'x;'.repeat(long)}`,
    `[a]\nk=${'x#'.repeat(long)} ;`,
    `[a]\nk=1\n${' 2\n'.repeat(long)}`,
    `[a]\n${'['.repeat(long)}`,
  ]
  const took = cpuTime(() => hard.forEach((text) => parseIni(text, 'f')))
  assert.ok(took < 5_000, `${took} ms`)
})

const names = new Map<string, string | number>([
  ['here', '/h'],
  ['n', 5],
  ['minus', -42],
  ['s', 'x'],
])

const formats: readonly (readonly [format: string, expected: object])[] = [
  ['%(here)s/%(n)02d/%(n)d%%', { text: '/h/05/5%' }],
  ['%(n)5d|%(n)-5d|%(n)+d|%(n)x|%(minus)05d|%(n).3d', { text: '    5|5    |+5|5|-0042|005' }],
  ['%(s)3s|%(s)-3s|%(here).1s|%(s)r|%(n)s', { text: "  x|x  |/|'x'|5" }],
  ['%(a(b)c)s', { missing: 'a(b)c' }],
  ['%(x)%', { missing: 'x' }],
  ['50%', { broken: 'incomplete format' }],
  ['%(here', { broken: 'incomplete format key' }],
  ['%(here)d', { broken: '%d format: a real number is required, not str' }],
  ['%(here)x', { broken: '%x format: an integer is required, not str' }],
  ['%(here)f', { broken: 'must be real number, not str' }],
  ['%(here)c', { broken: '%c requires int or char' }],
  ['%(here)z', { broken: "unsupported format character 'z' (0x7a) at index 7" }],
  ['%é', { broken: "unsupported format character '?' (0xe9) at index 1" }],
  ['%(n)*d', { broken: 'not enough arguments for format string' }],
  ['%(n)99999999999999999999d', { broken: 'width too big' }],
  ['date +%s', { broken: '%s has no name: write %%s, or %(name)s' }],
]

for (const [format, expected] of formats) {
  test(`%-format: ${format}`, () => assert.deepEqual(percentFormat(format, names), expected))
}

test('%-format: any format ends in a text or a reason', () => {
  const piece = fc.constantFrom('%', '(', ')', 'n', 's', 'd', '5', '.', '*', '-', '0', ' ', '#', 'here', '9999', 'z')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const [kind] = Object.keys(percentFormat(pieces.join(''), names))
      assert.ok(kind === 'text' || kind === 'missing' || kind === 'broken')
    }),
    { numRuns: 2000 },
  )
})

test('a command is split as a shell would', () => {
  assert.deepEqual(shellWords('a "b c" \'d\\e\' f\\ g ""  "h\\"i\\j"\n k#l'), {
    words: ['a', 'b c', 'd\\e', 'f g', '', 'h"i\\j', 'k#l'],
  })
  assert.deepEqual(shellWords(' '), { words: [] })
  assert.deepEqual(shellWords('sh -c "echo a'), { broken: 'No closing quotation' })
  assert.deepEqual(shellWords('a\\'), { broken: 'No escaped character' })
})

test('KEY=value lists keep the quotes of a token, and know no escape', () => {
  assert.deepEqual(listTokens('A="1, 2",B=\'x\'\n C=/p-q.r:s(t)'), {
    words: ['A', '=', '"1, 2"', ',', 'B', '=', "'x'", 'C', '=', '/p-q.r:s(t)'],
  })
  // Inside a word a quote is a letter like any other.
  assert.deepEqual(listTokens('A=x"y,z"'), { words: ['A', '=', 'x"y', ',', 'z"'] })
  assert.deepEqual(listTokens('A="x'), { broken: 'No closing quotation' })
})

test('values are shown as Python shows them', () => {
  const shown = ['x', "it's", `"'`, 'a\\\n\t\r\0', '\u00a0é\u2028😀', '\u{e0001}'].map(repr)
  assert.deepEqual(shown, ["'x'", '"it\'s"', "'\"\\''", "'a\\\\\\n\\t\\r\\x00'", "'\\xa0é\\u2028😀'", "'\\U000e0001'"])
})
