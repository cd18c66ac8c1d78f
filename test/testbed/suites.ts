// Which test files there are, in which order they run, and what they need.
import { globSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Need } from './tools.ts'

export interface Suite {
  readonly name: 'unit' | 'edges' | 'end-to-end'
  readonly files: string[]
  /** Files at a time, for two cores; end-to-end files measure time and start many processes. */
  readonly concurrency: number
}

const root = resolve(import.meta.dirname, '../..')
const unit =
  /^test\/((domain|wire|engine|config|cli|bench|kafka\/protocol)\/.*|chaos\/(accounting|fault-plan)\.test\.ts|architecture\.test\.ts|log\.test\.ts)$/
const endToEnd = /^test\/(build|container|e2e|chaos|conformance)\//

const needs: readonly (readonly [RegExp, readonly Need[]])[] = [
  [/^test\/kafka\//, ['kafka']],
  [/^test\/consul\//, ['consul']],
  [/^test\/(build|container|conformance)\//, ['binary']],
  [endToEnd, ['kafka', 'consul', 'binary']],
  [/^test\/testbed\//, ['kafka', 'consul']],
]

export const needsOf = (file: string): readonly Need[] =>
  unit.test(file) ? [] : (needs.find(([folder]) => folder.test(file))?.[1] ?? [])

/** `which`: `unit`, `all`, or files (paths or globs, relative to the project). */
export function suites(which: readonly string[]): Suite[] {
  const everything = which.length === 0 || which[0] === 'all' || which[0] === 'unit'
  const found = globSync(everything ? ['test/**/*.test.ts'] : which.map((file) => relative(root, resolve(file))), {
    cwd: root,
  })
  const files = found.filter((file) => which[0] !== 'unit' || unit.test(file)).sort()
  const named = (name: Suite['name'], concurrency: number, belongs: (file: string) => boolean): Suite => ({
    name,
    concurrency,
    files: files.filter(belongs),
  })
  return [
    named('unit', 2, (file) => unit.test(file)),
    named('edges', 2, (file) => !unit.test(file) && !endToEnd.test(file)),
    named('end-to-end', 1, (file) => endToEnd.test(file) && !unit.test(file)),
  ].filter((suite) => suite.files.length > 0)
}
