import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const project = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(project, path), 'utf8')

/** The rows under "Threats", each with the tests that it names: the file, and titles in it. */
function threats(): { threat: string; tests: [file: string, title: string][] }[] {
  const [, table = ''] = /^## Threats\n(.*?)^## /ms.exec(read('docs/security.md')) ?? []
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !/^\| (threat|---) /.test(line))
  return rows.map((row) => {
    const [threat = '', , shownBy = ''] = row.slice(2).split(' | ')
    const named = [...shownBy.matchAll(/`(test\/[^`]+)`: ((?:"[^"]+"(?:, )?)+)/g)]
    const tests = named.flatMap(([, file = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']): [string, string] => [file, title]),
    )
    return { threat, tests }
  })
}

test('every threat of docs/security.md names tests that exist', () => {
  const rows = threats()
  assert.ok(rows.length >= 20)
  for (const { threat, tests } of rows) {
    assert.ok(tests.length > 0, `no test is named: ${threat}`)
    for (const [file, title] of tests) assert.ok(read(file).includes(title), `${file} has no test "${title}"`)
  }
})
