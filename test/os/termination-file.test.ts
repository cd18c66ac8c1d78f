import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { writeTerminationFile } from '../../src/os/termination-file.ts'
import { tempDir } from '../support/temp.ts'

test('a file that is there is replaced, one that is not is made only where that is asked for', (t) => {
  const file = join(tempDir(t), 'log')
  assert.equal(writeTerminationFile(file, 'nobody reads this', false), false)
  assert.equal(existsSync(file), false)
  assert.equal(writeTerminationFile(file, 'a long first message', true), true)
  assert.equal(writeTerminationFile(file, 'short', false), true)
  assert.equal(readFileSync(file, 'utf8'), 'short')
})

test('what cannot be written is the caller’s to tell', (t) => {
  const folder = tempDir(t)
  assert.throws(() => writeTerminationFile(folder, 'x', false), { code: 'EISDIR' })
  assert.throws(() => writeTerminationFile(join(folder, 'no', 'log'), 'x', true), { code: 'ENOENT' })
  const file = join(folder, 'log')
  writeFileSync(file, 'x')
  chmodSync(file, 0)
  if (process.getuid?.() !== 0) assert.throws(() => writeTerminationFile(file, 'x', true), { code: 'EACCES' })
})
