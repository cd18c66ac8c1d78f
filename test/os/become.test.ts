import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import process from 'node:process'
import { test } from 'node:test'

const fixture = new URL('../fixtures/os-become.ts', import.meta.url).pathname
/** Root that may choose its groups, and not its user: as in a namespace that does not know that user. */
const bound = ['--bounding-set', '-setuid']
const permitted = spawnSync('setpriv', [...bound, 'true']).status === 0
const skip = permitted ? false : `setpriv ${bound.join(' ')} is not permitted here (needs root)`

test('a user that is refused leaves no group behind', { skip }, () => {
  const printed = execFileSync('setpriv', [...bound, process.execPath, fixture]).toString()
  const { refused, before, after } = JSON.parse(printed) as Record<'refused' | 'before' | 'after', string>
  assert.equal(refused, 'Error: setresuid: EPERM')
  assert.equal(after, before)
})
