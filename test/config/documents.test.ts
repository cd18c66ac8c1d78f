import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { logsDocument } from '../../scripts/documents/logs.ts'
import { envExample, variablesDocument } from '../../scripts/documents/variables.ts'

const documents = {
  '../../.env.example': envExample,
  '../../docs/variables.md': variablesDocument,
  '../../docs/logs.md': logsDocument,
}

// UPDATE_DOCUMENTS=1 writes the files instead, after a change of the table.
for (const [path, make] of Object.entries(documents)) {
  test(`${path.slice(6)} is equal to its table`, () => {
    const url = new URL(path, import.meta.url)
    if (process.env['UPDATE_DOCUMENTS'] === '1') writeFileSync(url, make())
    assert.equal(readFileSync(url, 'utf8'), make())
  })
}
