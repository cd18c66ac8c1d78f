import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { thisMachine } from '../../src/config/machine.ts'
import { reason } from '../../src/config/problem.ts'

test('the real machine tells programs, files, folders and nothing apart', (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'pidpiper-machine-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'file')
  writeFileSync(file, 'text\n')
  chmodSync(file, 0o644)
  assert.equal(thisMachine.kind(file), 'file')
  chmodSync(file, 0o755)
  assert.equal(thisMachine.kind(file), 'program')
  assert.equal(thisMachine.kind(folder), 'folder')
  assert.equal(thisMachine.kind(join(folder, 'none')), 'missing')
  assert.equal(thisMachine.kind(join(file, 'below')), 'missing')
  assert.equal(thisMachine.kind(`/${'x'.repeat(5_000)}`), 'missing')
  assert.equal(thisMachine.kind('/a\0b'), 'missing')
  assert.equal(thisMachine.read(file), 'text\n')
  assert.equal(thisMachine.head(file)?.toString(), 'text\n')
  assert.equal(thisMachine.head(join(folder, 'none')), null)
  symlinkSync(file, join(folder, 'link'))
  assert.equal(thisMachine.same(file, join(folder, 'link')), true)
  assert.equal(thisMachine.same(file, join(folder, 'none')), false)
  assert.equal(thisMachine.same('/dev/null', '/dev/null'), false)
  assert.throws(
    () => thisMachine.read(folder),
    (error) => reason(error) === 'EISDIR',
  )
})
