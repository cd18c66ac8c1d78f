import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list, type ListParts } from '../../src/cli/dlq-list.ts'
import { Progress } from '../../src/cli/dlq-progress.ts'
import { purgeReport } from '../../src/cli/dlq-purge.ts'
import { outcome, plan } from '../../src/cli/dlq-replay.ts'
import { show } from '../../src/cli/dlq-show.ts'
import type { Letter } from '../../src/domain/dead-letters/letter.ts'
import { EVERYTHING } from '../../src/domain/dead-letters/selection.ts'

const letter = (offset: number, over: Partial<Letter> = {}): Letter => ({
  ...{ partition: 0, offset, time: Date.UTC(2026, 10, 26) + offset, reason: 'crash', facts: new Map<string, string>() },
  ...{ key: Buffer.from(`key ${offset}`), value: Buffer.from('value'), headers: [], fullLength: null },
  source: { topic: 'in', partition: 1, offset: 41, timestamp: null },
  ...over,
})

const silent = new Progress({ now: () => 0 }, false, () => assert.fail('too early'))

async function listed(
  letters: readonly Letter[],
  over: Partial<Parameters<typeof list>[1]> = {},
  marks: Awaited<ReturnType<ListParts['marks']>> = null,
): Promise<string> {
  let printed = ''
  const parts: ListParts = {
    topic: 'dead',
    spans: [{ partition: 0, from: 0, to: letters.length }],
    async *read() {
      for (const each of letters) yield [each]
      await Promise.resolve()
    },
    marks: () => Promise.resolve(marks),
    print: (text) => Promise.resolve(void (printed += text)),
    progress: silent,
  }
  await list(parts, { selection: EVERYTHING, limit: null, json: false, colors: false, ...over })
  return printed
}

test('ls: a line per letter, a summary per reason', async () => {
  const letters = [
    letter(0),
    letter(1, { reason: 'not-json', source: null, key: null, value: Buffer.alloc(1024), fullLength: 3 * 2 ** 20 }),
    letter(2, { key: Buffer.from('\u001b[2J') }),
  ]
  assert.deepEqual((await listed(letters, {}, { has: (offset) => offset === 2 })).split('\n'), [
    'LETTER       WRITTEN                  REASON           SOURCE                            SIZE  KEY',
    '0:0          2026-11-26T00:00:00.000Z crash            in/1@41                            5 B  key 0',
    '0:1          2026-11-26T00:00:00.001Z not-json         -                              3.0 MiB  -  (cut short)',
    '0:2          2026-11-26T00:00:00.002Z crash            in/1@41                            5 B  \\x1b[2J  (replayed)',
    '',
    'crash     2 letters, 1 replayed  2026-11-26T00:00:00.000Z to 2026-11-26T00:00:00.002Z',
    'not-json  1 letter  2026-11-26T00:00:00.001Z',
    '3 letters in dead, 1.0 KiB',
    '',
  ])
})

test('ls: filters and limit, JSON lines, colours, nothing', async () => {
  const letters = [letter(0), letter(1, { reason: 'x' }), letter(2), letter(3)]
  const json = await listed(letters, { json: true, limit: 2, selection: { ...EVERYTHING, reasons: ['crash'] } })
  const offsets = json
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { offset: number }).offset)
  assert.deepEqual(offsets, [0, 2])
  assert.ok((await listed(letters, { colors: true })).includes('\u001b[33mcrash           \u001b[0m'))
  assert.equal(await listed([], {}), 'no letters in dead\n')
  assert.equal(await listed([], { json: true }), '')
})

test('ls counts no more reasons than it can keep', async () => {
  const printed = await listed(Array.from({ length: 150 }, (_, i) => letter(i, { reason: `reason ${i}` })))
  assert.match(printed, /^\(other reasons\) +50 letters/m)
})

test('show: text as it is but for control characters, other bytes in hexadecimal', () => {
  const facts = new Map([
    ['stderr', 'Traceback\n\u001b[31mboom'],
    ['exit-code', '1'],
  ])
  const headers = [['trace', Buffer.from([0xff])] as const]
  assert.deepEqual(show(letter(5, { facts, headers, value: Buffer.from('a\tb\n\u0007') }), null, plain).split('\n'), [
    'letter     0:5',
    'reason     crash',
    'source     in/1@41',
    'written    2026-11-26T00:00:00.005Z',
    'replayed   not known',
    'stderr     Traceback',
    '           \\x1b[31mboom',
    'exit-code  1',
    '',
    'headers',
    'trace  /w== (Base64)',
    '',
    'key',
    'key 5',
    '',
    'value, 5 B',
    'a\tb',
    '\\x07',
    '',
  ])
  const binary = show(letter(5, { value: Buffer.alloc(300, 0xfe), fullLength: 2048 }), null, plain)
  assert.match(binary, /value, 300 B: the beginning of 2\.0 KiB\n(fe){32}\n/)
  assert.match(binary, /… and 44 B more; --raw writes the bytes as they are\)\n$/)
})

const plain = { json: false, colors: false }

test('show --json gives every byte, and facts as the log has them', () => {
  const value = Buffer.from([0, 0xff])
  const facts = new Map([
    ['offset', '41'],
    ['exit-code', '1'],
    ['attempts', 'many'],
    ['stderr', '7'],
  ])
  const shown = JSON.parse(
    show(letter(1, { value, key: null, facts }), { has: () => true }, { ...plain, json: true }),
  ) as object
  assert.deepEqual(shown, {
    ...{ partition: 0, offset: 1, time: '2026-11-26T00:00:00.001Z', reason: 'crash', bytes: 2, truncatedFrom: null },
    ...{ replayed: true, key: null, headers: [], valueBase64: 'AP8=' },
    facts: { offset: 41, exitCode: 1, attempts: 'many', stderr: '7' },
    source: { topic: 'in', partition: 1, offset: 41, timestamp: null },
  })
})

test('replay tells what it would do and what it did, with a cure for what stays', () => {
  const found = {
    sent: new Map([
      ['in', 1200],
      ['other', 1],
    ]),
    before: 2,
    stayed: new Map([['answer', 1] as const]),
    examples: [{ letter: letter(9, { reason: 'not-json' }), obstacle: 'answer' as const }],
  }
  assert.equal(
    plan(found, 'dead'),
    [
      '1,201 letters of dead to be sent: 1,200 to in, 1 to other',
      '2 letters replayed before; --again sends them once more',
      "1 letter not to be sent: a line of the Calculator's output, not a record: --to TOPIC says where it goes",
      '  0:9  not-json  in/1@41',
      '',
    ].join('\n'),
  )
  const nothing = { sent: new Map<string, number>(), before: 0, stayed: new Map<never, number>(), examples: [] }
  assert.equal(outcome(nothing, 'dead'), 'no letters to replay in dead\n')
})

test('purge tells what goes, what is kept, and why', () => {
  const plans = [
    { span: { partition: 0, from: 5, to: 9 }, end: 12, keeps: letter(9) },
    { span: { partition: 1, from: 0, to: 3 }, end: 3, keeps: null },
    { span: { partition: 2, from: 4, to: 4 }, end: 4, keeps: null },
  ]
  assert.equal(
    purgeReport(plans, 'dead', 'deleted'),
    [
      'partition 0: offsets 5 to 8 deleted, 9 to 11 kept, the first is crash and not asked for',
      'partition 1: offsets 0 to 2 deleted, nothing kept',
      '7 letters of dead deleted, 3 kept',
      '',
    ].join('\n'),
  )
})

test('progress: one line written over on a terminal, a line now and then elsewhere', () => {
  for (const [terminal, expected] of [
    [true, ['\r\u001b[2K2 s', '\r\u001b[2K11 s', '\r\u001b[2K']],
    [false, ['11 s\n']],
  ] as const) {
    let now = 0
    const written: string[] = []
    const progress = new Progress({ now: () => now }, terminal, (text) => written.push(text))
    for (const seconds of [0.1, 2, 2.1, 11]) {
      now = seconds * 1000
      progress.tell(() => `${seconds} s`)
    }
    progress.clear()
    progress.clear()
    assert.deepEqual(written, expected)
  }
})
