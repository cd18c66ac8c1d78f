import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calculatorProgram } from '../../src/agent/program.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { Backoff } from '../../src/domain/process/spec.ts'
import { fakeMachine, least } from '../config/fake-machine.ts'

function backoffUnder(PROTOCOL: string): Backoff {
  const { config } = loadConfig({ environment: { ...least, PROTOCOL }, flags: {}, machine: fakeMachine() })
  if (config === null) throw new Error(`${PROTOCOL} is refused`)
  return calculatorProgram(config, config.streams, 0, null).backoff
}

test('a source that ends well is started once a second at most, a batch run follows the other', () => {
  const max = 30_000
  assert.deepEqual(backoffUnder('source'), { kind: 'progress', max, floor: 1000 })
  assert.deepEqual(backoffUnder('batch'), { kind: 'progress', max, floor: 50 })
  assert.deepEqual(backoffUnder('relay'), { kind: 'progress', max })
})
