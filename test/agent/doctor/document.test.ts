import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const project = join(import.meta.dirname, '../../..')
const read = (file: string): string => readFileSync(join(project, file), 'utf8')

test('docs/doctor.md names every check that there is, and no other', () => {
  const sources = globSync(['src/agent/doctor/*.ts', 'src/consul/doctor.ts', 'src/kafka/doctor/*.ts'], { cwd: project })
  const made = sources.flatMap((file) =>
    [...read(file).matchAll(/'((?:machine|consul|kafka|calculator)\.[a-z-]+)'/g)].map(([, check = '']) => check),
  )
  const [, table = ''] = /^\| check \|.*?\n(.*?)^$/ms.exec(read('docs/doctor.md')) ?? []
  const told = [...table.matchAll(/`([a-z]+\.[a-z-]+)`/g)].map(([, check = '']) => check)
  assert.deepEqual([...new Set(told)].sort(), [...new Set(made)].sort())
})
