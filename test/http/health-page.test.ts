// docs/health.md is held to the code: what costs readiness, in which words, and every field of /status.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../../src/engine/snapshot.ts'
import { components } from '../../src/http/health.ts'
import { status } from '../../src/http/status.ts'
import { rowsUnder } from '../support/markdown.ts'
import { aModel, aSnapshot, type Changes } from './a-snapshot.ts'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs/health.md'), 'utf8')
const sources = globSync('src/**/*.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'))

const wordsIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

const rows = rowsUnder(page, 'What makes it not ready')

test('states have the status that it says', () => {
  const changesTo: Readonly<Record<string, (state: string) => Changes>> = {
    agent: (state) => ({ agent: { state: state as Snapshot['agent']['state'] } }),
    consul: (state) => ({ agent: { consul: state as Snapshot['agent']['consul'] } }),
    'run document': (state) => ({ document: { state: state as Snapshot['document']['state'] } }),
  }
  let seen = 0
  for (const [first, expected, states] of rows) {
    const [name = ''] = wordsIn(first)
    for (const state of Object.hasOwn(changesTo, name) ? wordsIn(states) : []) {
      const changes = changesTo[name]?.(state)
      assert.equal(
        components(aSnapshot(changes)).find((each) => each.name === name)?.status,
        expected,
        `${name} ${state}`,
      )
      seen++
    }
  }
  assert.equal(seen, 7 + 1 + 5)
})

test('every reason begins as one of the code', () => {
  const reasons = rows.flatMap(([cell = '', second = '']) => (/^(pass|warn|fail)$/.test(second) ? [] : wordsIn(cell)))
  assert.ok(reasons.length >= 19)
  for (const reason of reasons) {
    const [fixed = ''] = reason.split(/ ?…|<| N /)
    assert.ok(
      sources.some((text) => text.includes(fixed)),
      reason,
    )
  }
})

/** Names of all fields; what is a list is looked at in its first entry. */
function fieldsOf(value: unknown): string[] {
  if (Array.isArray(value)) return fieldsOf(value[0])
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, field]) =>
    ['deadLetters', 'deaths'].includes(name) ? [name] : [name, ...fieldsOf(field)],
  )
}

test('every field of /status is told', () => {
  const at = { topic: 'readings', partition: 2 }
  const snapshot = aSnapshot({
    process: { exit: { code: 0, signal: null, expected: true } },
    stream: {
      partitions: [{ ...at, lag: 1, progressAgeMs: 0 }],
      control: { ready: true, state: null, stopping: false, heartbeatAgeMs: null, metrics: [] },
    },
  })
  const [, told = ''] = page.split(/^## `\/status`$/m)
  const words = new Set(wordsIn(told))
  assert.deepEqual(
    fieldsOf(status(aModel(() => snapshot))).filter((field) => !words.has(field)),
    [],
  )
})
