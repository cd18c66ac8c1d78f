import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DeadLetter } from '../../src/domain/stream/value-batch.ts'
import {
  FileDeadLetters,
  ReportedDeadLetters,
  type LetterLine,
  type ReportedLetter,
} from '../../src/local/file-dead-letters.ts'
import { tempDir } from '../support/temp.ts'

const clock = { now: () => 5, wall: () => Date.UTC(2024, 0, 2) }
const letter = (value: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
  key: null,
  value: Buffer.from(value, 'latin1'),
  headers: [],
  reason: 'not-json',
  facts: { offset: '7' },
  ...more,
})

const linesOf = (path: string): LetterLine[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LetterLine)

test('the file comes into being with the first letter; text is text, other bytes are base64', async (t) => {
  const path = join(tempDir(t), 'out.dead-letter')
  const letters = new FileDeadLetters(path, clock)
  await letters.write([])
  assert.equal(existsSync(path), false)
  await letters.write([
    letter('line\nwith newline'),
    letter('\xff', { key: Buffer.from('k'), headers: [['h', null], ['h', Buffer.of(0xfe)]] }), // prettier-ignore
  ])
  assert.deepEqual(linesOf(path), [
    {
      time: '2024-01-02T00:00:00.000Z',
      reason: 'not-json',
      facts: { offset: 7 },
      key: null,
      value: 'line\nwith newline',
      headers: [],
    },
    {
      time: '2024-01-02T00:00:00.000Z',
      reason: 'not-json',
      facts: { offset: 7 },
      key: 'k',
      value: { base64: '/w==' },
      headers: [
        ['h', null],
        ['h', { base64: '/g==' }],
      ],
    },
  ])
  assert.deepEqual(letters.health(), { lastAckAt: 5, error: null })
  await letters.close()
})

test('letters of writes at the same time and of an earlier run stay whole and in order', async (t) => {
  const path = join(tempDir(t), 'out.dead-letter')
  for (const run of ['first', 'second']) {
    const letters = new FileDeadLetters(path, clock)
    await Promise.all(Array.from({ length: 20 }, (_, index) => letters.write([letter(`${run} ${index}`)])))
    await letters.close()
  }
  assert.deepEqual(
    linesOf(path).map(({ value }) => value),
    ['first', 'second'].flatMap((run) => Array.from({ length: 20 }, (_, index) => `${run} ${index}`)),
  )
})

test('a file that cannot be written rejects every write and shows in health', async (t) => {
  const path = join(tempDir(t), 'none', 'out.dead-letter')
  const letters = new FileDeadLetters(path, clock)
  await assert.rejects(letters.write([letter('a')]), { code: 'UNAVAILABLE' })
  await assert.rejects(letters.write([letter('b')]), { code: 'UNAVAILABLE' })
  assert.equal(letters.health().error, `cannot append to ${path}: no such file or folder`)
  await letters.close()
})

test('with the output on stdout each letter is reported, its value cut at 1 KiB', async () => {
  const reported: ReportedLetter[] = []
  const letters = new ReportedDeadLetters((each) => reported.push(each), clock)
  await letters.write([letter('a'), letter('x'.repeat(3000))])
  assert.deepEqual(
    reported.map(({ value, bytes, reason, facts }) => [
      typeof value === 'string' && value.length,
      bytes,
      reason,
      facts['offset'],
    ]),
    [
      [1, 1, 'not-json', 7],
      [1024, 3000, 'not-json', 7],
    ],
  )
  assert.equal(letters.health().lastAckAt, 5)
  await letters.close()
})
