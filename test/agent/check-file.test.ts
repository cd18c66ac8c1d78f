import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileFindings } from '../../src/agent/supervisord/check-file.ts'
import { tempDir } from '../support/temp.ts'

test('a file that cannot be read is named once', (t) => {
  const missing = join(tempDir(t), 'nope.conf')
  assert.deepEqual(fileFindings(missing, null).problems, [
    { name: missing, value: null, expected: 'could not find this file' },
  ])
  const binary = join(tempDir(t), 'binary.conf')
  writeFileSync(binary, Buffer.from([0x5b, 0xff, 0x0a]))
  assert.deepEqual(fileFindings(binary, null).problems, [
    { name: `${binary}:1`, value: null, expected: 'could not read this file: line 1 is not UTF-8' },
  ])
})
