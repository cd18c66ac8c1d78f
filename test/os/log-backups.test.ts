import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { LogFile } from '../../src/os/log-file.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

function open(t: TestContext, path: string, backups: number, compress = true): { log: LogFile; problems: string[] } {
  const problems: string[] = []
  const told = { problem: (reason: string | null) => problems.push(`write ${reason ?? ''}`), ready: () => undefined }
  const uncompressed = (reason: string): unknown => problems.push(reason)
  const log = new LogFile({ path, maxBytes: 10, backups, compress, ...told, uncompressed })
  t.after(() => log.close())
  return { log, problems }
}

const unzipped = (path: string): string => gunzipSync(readFileSync(path)).toString()
const names = (folder: string): string[] => readdirSync(folder).sort()

test('rotated files become gzip in the background, keep their rights, and fall off in order', async (t) => {
  const folder = tempDir(t)
  const path = join(folder, 'log')
  writeFileSync(path, '', { mode: 0o640 })
  const { log, problems } = open(t, path, 2)
  for (const [word, kept] of [
    ['first 10 bytes', ['log', 'log.1.gz']],
    ['second 10 bytes', ['log', 'log.1.gz', 'log.2.gz']],
    ['third 10 bytes', ['log', 'log.1.gz', 'log.2.gz']],
  ] as const) {
    log.write(Buffer.from(word))
    await waitFor(word, () => existsSync(`${path}.1.gz`) && unzipped(`${path}.1.gz`) === word)
    await waitFor('the plain one to go', () => names(folder).join() === kept.join())
  }
  assert.equal(unzipped(`${path}.2.gz`), 'second 10 bytes')
  assert.equal(statSync(`${path}.2.gz`).mode & 0o777, statSync(path).mode & 0o777)
  assert.deepEqual(problems, [])
})

test('rotations faster than compression: every backup ends where it belongs, none is lost before its time', async (t) => {
  const folder = tempDir(t)
  const path = join(folder, 'log')
  const { log, problems } = open(t, path, 5)
  const words = Array.from({ length: 40 }, (_, index) => `${index} `.padEnd(200_000, `${index}-`))
  for (const [index, word] of words.entries()) {
    log.write(Buffer.from(word))
    // Now and then the compression gets a turn, and is overtaken.
    if (index % 3 === 0) await new Promise(setImmediate)
    // Another writer of the same file, as after a restart of the program.
    if (index === 20) log.reopen()
  }
  const expected = ['log', 'log.1.gz', 'log.2.gz', 'log.3.gz', 'log.4.gz', 'log.5.gz']
  await waitFor('all of them', () => names(folder).join() === expected.join())
  for (const index of [1, 2, 3, 4, 5]) assert.equal(unzipped(`${path}.${index}.gz`), words[40 - index])
  assert.deepEqual(problems, [])
})

test('backups of both kinds move together, and what a crash left is replaced', async (t) => {
  const folder = tempDir(t)
  const path = join(folder, 'log')
  for (const end of ['.1', '.2.gz', '.3']) writeFileSync(path + end, `old${end}`)
  const { log, problems } = open(t, path, 3)
  writeFileSync(`${path}.gz.part`, 'left by a crash')
  log.write(Buffer.from('new 10 bytes'))
  await waitFor('the newest', () => existsSync(`${path}.1.gz`) && !existsSync(`${path}.1`))
  assert.deepEqual(names(folder), ['log', 'log.1.gz', 'log.2', 'log.3.gz'])
  assert.equal(readFileSync(`${path}.2`, 'utf8'), 'old.1')
  assert.deepEqual(problems, [])
})

test('what cannot be compressed stays as it is, and is told', async (t) => {
  const folder = tempDir(t)
  const path = join(folder, 'log')
  mkdirSync(`${path}.gz.part`)
  const { log, problems } = open(t, path, 3)
  log.write(Buffer.from('new 10 bytes'))
  await waitFor('a problem', () => problems.length > 0)
  assert.deepEqual(problems, ['EISDIR'])
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'new 10 bytes')
})
