import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { judgeVersions, needed, neededForTransactions } from '../../../src/kafka/doctor/versions.ts'
import type { ApiVersions } from '../../../src/kafka/protocol/request.ts'

const kafka = join(import.meta.dirname, '../../../src/kafka')

/** Versions that the sources write, by API key: `a ? b : c` counts as both. */
function written(folder: string): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const file of globSync(folder, { cwd: kafka })) {
    const text = readFileSync(join(kafka, file), 'utf8')
    for (const [, name = '', versions = ''] of text.matchAll(/apiKey: (\w+),\s+apiVersion: ([^\n]+),\n/g)) {
      const numbers = [...versions.matchAll(/\d+/g)].map(([word]) => Number(word))
      const key = Number(/^\d/.test(name) ? name : new RegExp(`const ${name} = (\\d+)`).exec(text)?.[1])
      found.set(key, [...(found.get(key) ?? []), ...numbers])
    }
  }
  return found
}

test('the versions that doctor looks for are those that the requests are written in', () => {
  const sources = written('{.,protocol,group,fetch,produce}/*.ts')
  for (const [key, name, version] of needed)
    assert.equal(Math.min(...(sources.get(key) ?? [])), version, `${name} (key ${key})`)
  const listed = needed.map(([key]) => key)
  assert.deepEqual(
    [...sources.keys()].filter((key) => !listed.includes(key)),
    [],
  )
  const transactions = written('transactions/*.ts')
  for (const [key, name, version] of neededForTransactions)
    assert.deepEqual(transactions.get(key), [version], `${name} (key ${key})`)
})

test('an old broker is told by the requests that it lacks', () => {
  const old: ApiVersions = Object.fromEntries(
    needed.map(([key, , version]) => [key, { minVersion: 0, maxVersion: key === 9 ? version - 1 : version }]),
  )
  const { verdict, seen } = judgeVersions('broker b:1', old, false)
  assert.equal(verdict, 'problem')
  assert.equal(seen, 'does not know OffsetFetch 7 (it has 0 to 6)')
  const enough = { ...old, 9: { minVersion: 0, maxVersion: 7 } }
  assert.equal(judgeVersions('broker b:1', enough, false).verdict, 'ok')
  assert.match(judgeVersions('broker b:1', enough, true).seen, /TxnOffsetCommit 3 \(it has none\)/)
})
