import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clearAutoLogs } from '../../../../src/faces/supervisord/output/auto-logs.ts'
import { tempDir } from '../../../support/temp.ts'

test('AUTO logs of this identifier go, those of this life and all others stay', (t) => {
  const folder = tempDir(t)
  const names = [
    'a-stdout---me-x1.log',
    'a-stdout---me-x1.log.1',
    'a-stdout---me-now.log',
    'a-stdout---other-x1.log',
    'a-stdout---me2-x1.log',
    'a.log',
  ]
  for (const name of names) writeFileSync(join(folder, name), '')
  const warnings: string[] = []
  const now = join(folder, 'a-stdout---me-now.log')
  const warn = (text: string): void => void warnings.push(text)
  clearAutoLogs(folder, 'me', (path) => path !== now, warn)
  assert.deepEqual(readdirSync(folder).sort(), names.slice(2).sort())
  clearAutoLogs(join(folder, 'none'), 'me', () => true, warn)
  assert.deepEqual(warnings, ['Could not clear childlog dir'])
})
