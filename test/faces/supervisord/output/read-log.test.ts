import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import process from 'node:process'
import { readLog, tailLog } from '../../../../src/faces/supervisord/output/read-log.ts'
import { code } from '../../../engine/supervision/supervisor-engine.ts'
import { tempDir } from '../../../support/temp.ts'

test('pieces of a log, as supervisord cuts them', (t) => {
  const path = join(tempDir(t), 'log')
  writeFileSync(path, '0123456789'.repeat(23))
  const read = (offset: number, length: number): string => Buffer.from(readLog(path, offset, length)).toString()
  assert.equal(read(-4, 0), '6789')
  assert.equal(read(-1000, 0).length, 230)
  assert.equal(read(226, 0), '6789')
  assert.equal(read(1, 3), '123')
  assert.equal(read(1000, 5), '')
  for (const [offset, length] of [
    [-4, 4],
    [0, -1],
  ] as const) {
    assert.throws(() => read(offset, length), code('BAD_ARGUMENTS', ''))
  }
  const tail = (offset: number, length: number): unknown[] => {
    const { bytes, offset: next, overflow } = tailLog(path, offset, length)
    return [Buffer.from(bytes).toString(), next, overflow]
  }
  assert.deepEqual(tail(0, 10), ['0123456789', 230, true])
  assert.equal((tail(0, 100_000)[0] as string).length, 230)
  assert.deepEqual(tail(99_999_999, 100), ['', 230, false])
  assert.deepEqual(tail(0, 0), ['', 230, true])
})

test('a log that is missing, none, or no file', (t) => {
  const missing = join(tempDir(t), 'none')
  assert.throws(() => readLog(missing, 0, 0), code('NO_FILE', missing))
  assert.throws(() => readLog(null, 0, 0), code('NO_FILE', ''))
  assert.throws(() => readLog('/dev/null', 0, 0), code('FAILED', ''))
  assert.deepEqual(tailLog(missing, 5, 5), { bytes: new Uint8Array(), offset: 0, overflow: false })
  assert.deepEqual(tailLog('/dev/null', 5, 5), { bytes: new Uint8Array(), offset: 5, overflow: false })
})

test('a named pipe that nobody writes to is refused at once', (t) => {
  const path = join(tempDir(t), 'pipe')
  execFileSync('mkfifo', [path])
  // In a process of its own: who waits for a writer inside open(2) cannot be stopped otherwise.
  const output = new URL('../../../../src/faces/supervisord/output/', import.meta.url).href
  const script = `
    import { Followers } from '${output}followers.ts'
    import { readLog, tailLog } from '${output}read-log.ts'
    const refused = (act) => { try { return act() } catch (error) { return error.code } }
    console.log(
      refused(() => readLog(process.argv[1], 0, 0)),
      refused(() => tailLog(process.argv[1], 5, 5).offset),
      refused(() => new Followers(null).follow(process.argv[1], 'cat')),
    )`
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script, path], { timeout: 60_000 })
  assert.equal(told.toString(), 'FAILED 5 NO_FILE\n')
})
