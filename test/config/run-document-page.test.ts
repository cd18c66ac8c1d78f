// docs/run-document.md is held to the code: its fields, what they fall back to, its examples, refusals and checks.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { documentFields, everything, fieldsTable, parsed } from '../../scripts/documents/run-document.ts'
import { loadConfig } from '../../src/config/config.ts'
import { checkReports } from '../../src/consul/check-reports.ts'
import { parseRunDocument } from '../../src/domain/stream/run-document.ts'
import type { ProcessSnapshot, Snapshot } from '../../src/engine/snapshot.ts'
import { aSnapshot, type Changes } from '../http/a-snapshot.ts'
import { rowsUnder } from '../support/markdown.ts'
import { fakeMachine, least } from './fake-machine.ts'

const url = new URL('../../docs/run-document.md', import.meta.url)
const page = readFileSync(url, 'utf8')

// UPDATE_DOCUMENTS=1 writes the table instead, after a change of it.
test('the table of fields is equal to what the code accepts', () => {
  const written = page.replace(/^\| Field \|.*?\n(?!\|)/ms, fieldsTable())
  if (process.env['UPDATE_DOCUMENTS'] === '1') writeFileSync(url, written)
  else assert.equal(page, written)
})

/** Names that the refusal of an unknown one lists. */
function known(document: unknown): string[] {
  const result = parseRunDocument(JSON.stringify(document), everything)
  assert.ok('problems' in result)
  return /known are (.*)$/.exec(result.problems.join())?.[1]?.split(', ') ?? []
}

test('it has every field, and no other', () => {
  const sections = known({ unheardof: 1 }).filter((name) => name !== 'schema')
  const fields = sections.flatMap((section) =>
    known({ [section]: { unheardof: 1 } }).map((field) => `${section}.${field}`),
  )
  assert.deepEqual(Object.keys(documentFields).sort(), fields.sort())
})

test('what a field falls back to sets the same', () => {
  const machine = fakeMachine({ '/opt/app/score.py': { kind: 'program' } })
  for (const [field, { example, fallback }] of Object.entries(documentFields)) {
    if (fallback === null) continue
    const result = parsed(field, example)
    assert.ok('document' in result, field)
    const text = Array.isArray(example) ? example.join(',') : String(example)
    const given = fallback === '--args' ? { flags: { args: [text] } } : { environment: { ...least, [fallback]: text } }
    const sources = { environment: least, flags: {}, machine }
    const [before, after] = [loadConfig(sources).config, loadConfig({ ...sources, ...given }).config]
    assert.ok(before && after, field)
    assert.notDeepEqual(after.streams, before.streams, field)
    assert.deepEqual(after.streams, { ...before.streams, ...result.document }, field)
  }
})

test('its examples are good, and its mistakes are refused in its words', () => {
  const examples = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text = '']) => text)
  assert.ok(examples.length >= 3)
  for (const text of examples) assert.ok('document' in parseRunDocument(text, everything), text)
  const refusals = rowsUnder(page, 'What is refused')
  assert.ok(refusals.length >= 9)
  for (const [document = '', problem = ''] of refusals) {
    const result = parseRunDocument(document.replaceAll('`', ''), everything)
    assert.deepEqual(result, { problems: [problem.slice(1, -1)] }, document)
  }
  assert.deepEqual(parseRunDocument('{"calculator": {"bin": "cat"}}', new Set(['streams'])), {
    problems: [/`(calculator\.bin: not permitted[^`]*)`/.exec(page)?.[1]],
  })
})

const wordsIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

/** Each word in the first cells, with the status of the second. */
const statuses = (title: string): [string, string][] =>
  rowsUnder(page, title).flatMap(([words, status = '']) =>
    wordsIn(words).map((word): [string, string] => [word, status]),
  )

const agentIn = (changes: Changes): string => checkReports(aSnapshot(changes)).agent.status

test('the states of the agent and of the document have the checks that it says', () => {
  const agent = statuses('The checks').filter(([state]) => state === state.toLowerCase())
  assert.deepEqual(agent.map(([state]) => state).sort(), [
    ...['adopting', 'degraded', 'draining', 'running', 'starting', 'stopped', 'waiting'],
  ])
  for (const [state, status] of agent) {
    assert.equal(agentIn({ agent: { state: state as Snapshot['agent']['state'] } }), status, state)
  }
  const document = rowsUnder(page, 'The state').map(([state, , status]) => [wordsIn(state).join(), status ?? ''])
  assert.equal(document.length, 7)
  for (const [state, status] of document) {
    const expected = status === '' ? 'passing' : status
    assert.equal(agentIn({ document: { state: state as Snapshot['document']['state'] } }), expected, state)
  }
})

test('the states of the Calculator have the checks that it says', () => {
  const states = statuses('The checks').filter(([state]) => state !== state.toLowerCase())
  assert.equal(states.length, 8)
  for (const [state, status] of states) {
    const process = { state: state as ProcessSnapshot['state'] }
    assert.equal(checkReports(aSnapshot({ process })).calculator.status, status, state)
  }
  const { calculator } = checkReports(aSnapshot({ process: { state: 'BACKOFF', crashLoop: true } }))
  assert.equal(calculator.status, 'critical')
})
