import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { logEvents } from '../../src/domain/log-events.ts'
import { strangeLines } from '../support/log-schema.ts'

const root = resolve(import.meta.dirname, '..', '..')
const sources = globSync('src/**/*.ts', { cwd: root })
  .filter((file) => file !== join('src', 'domain', 'log-events.ts'))
  .map((file) => readFileSync(join(root, file), 'utf8'))

/** How the name of an event stands where it is told; that it is a name of the table at all is the compiler's to see. */
const spellings = (name: string): string[] => [
  `'${name}'`,
  // StreamReport.publish, Problem.clear, the lines of children.
  `'${name.replace(/^stream\./, '')}'`,
  `'${name.replace(/-over$/, '')}'`,
  ...(/^process\.(stderr|stdout|control)$/.test(name) ? ['`process.${stream}`'] : []),
]

test('every event of the table is told somewhere', () => {
  const untold = Object.keys(logEvents).filter(
    (name) => !spellings(name).some((spelling) => sources.some((text) => text.includes(spelling))),
  )
  assert.deepEqual(untold, [])
})

test('a line with an event, or a field, that the table does not have is found', () => {
  const line = { time: '', level: 'info', instance: 'i', event: 'stream.replay', msg: '', seq: 1, process: 'c' }
  assert.deepEqual(strangeLines([{ ...line, topic: 't', partition: 0, offset: 1 }]), [])
  assert.deepEqual(strangeLines([{ ...line, reason: 'x' }, { ...line, reason: 'y' }, { event: 'stream.replayed' }]), [
    'stream.replay has no field reason',
    'no such event: stream.replayed',
  ])
  assert.deepEqual(strangeLines([{ event: 'process.stderr', process: 'c', whatever: 1 }]), [])
})

test('a field of a kind that is not there, or is of another type than elsewhere, is found', () => {
  const line = { time: '', level: 'info', instance: 'i', event: 'stream.dead-letter', msg: '', process: 'c' }
  assert.deepEqual(strangeLines([{ ...line, offset: 3, exitCode: null, reason: 'crash' }]), [])
  assert.deepEqual(strangeLines([{ ...line, offset: '3', reason: 7 }]), [
    'stream.dead-letter has a field offset of another type',
    'stream.dead-letter has a field reason of another type',
  ])
  assert.deepEqual(strangeLines([{ event: 'stream.adopting' }, { event: 'control.socket' }]), [
    'control.socket lacks module',
  ])
})
