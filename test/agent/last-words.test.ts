import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { LastWords } from '../../src/agent/last-words.ts'
import type { BlackBox } from '../../src/engine/stream/black-box.ts'
import { createLog } from '../../src/log.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp.ts'

const secret = 'p4ss"word-of-ours'

const box: BlackBox = {
  ...{ process: 'calculator', pid: 7, exitCode: 3, signal: null, death: 'crash', aliveMs: 1200, inFlight: 1 },
  ...{ fed: [`login ${secret}`], printed: ['half an ans'], stderr: ['Traceback'] },
}

function lastWords(t: TestContext, path = join(tempDir(t), 'termination-log'), isAsked = true, blackBox = true) {
  const clock = new FakeClock()
  const written: string[] = []
  const destination = { write: (text: string) => void written.push(text) }
  const log = createLog({
    ...{ level: 'info', format: 'json', colors: false, instance: 'pod-1' },
    ...{ secrets: [secret], destination },
  })
  const config = { terminationLog: { path, isAsked }, blackBox }
  const words = new LastWords({ clock, log, config, stderrTail: () => ['Traceback', `bad ${secret}`] })
  const lines = (): Record<string, unknown>[] => written.map((text) => JSON.parse(text) as Record<string, unknown>)
  return { words, clock, path, lines, text: () => readFileSync(path, 'utf8') }
}

test('a crash is one line of the log with both directions and stderr, without our secrets', (t) => {
  const { words, lines } = lastWords(t)
  words.crashed(box)
  const [{ event, level, fed, printed, stderr, exitCode, untold } = {}, ...more] = lines()
  assert.deepEqual(more, [])
  assert.deepEqual([event, level, exitCode], ['stream.black-box', 'warn', 3])
  assert.deepEqual([fed, printed, stderr, untold], [['login ***'], box.printed, box.stderr, undefined])
})

test('without BLACK_BOX a crash is told all the same, and no record is shown anywhere', (t) => {
  const { words, lines, text } = lastWords(t, undefined, true, false)
  words.crashed(box)
  words.write('calculator FATAL: exited too quickly')
  const [{ event, exitCode, inFlight, fed, printed, stderr } = {}] = lines()
  assert.deepEqual([event, exitCode, inFlight, stderr], ['stream.black-box', 3, 1, box.stderr])
  assert.deepEqual([fed, printed], [[], []])
  assert.match(text(), /^calculator FATAL: exited too quickly\nlast stderr:\nTraceback\nbad \*\*\*\n$/)
})

test('of crashes in a row one in a second is told, with the number of the others', async (t) => {
  const { words, clock, lines } = lastWords(t)
  for (let i = 0; i < 5; i++) words.crashed(box)
  await clock.advance(1000)
  words.crashed({ ...box, pid: 8 })
  assert.deepEqual(
    lines().map(({ pid, untold }) => [pid, untold]),
    [
      [7, undefined],
      [8, 4],
    ],
  )
})

test('the termination message holds reason and last words, without our secrets, until the Calculator runs again', (t) => {
  const { words, text } = lastWords(t)
  words.crashed(box)
  words.write('calculator FATAL: exited too quickly')
  assert.match(text(), /^calculator FATAL: exited too quickly\nlast stderr:\nTraceback\nbad \*\*\*\nlast output:/)
  assert.equal(text().includes(secret), false)
  assert.ok(text().includes('login ***'))
  words.retract()
  assert.equal(text(), '')
})

test('nothing is taken back that somebody else has written', (t) => {
  const { words, path, text } = lastWords(t)
  writeFileSync(path, 'theirs')
  words.retract()
  assert.equal(text(), 'theirs')
})

test('a file that cannot be written is one warning; one that nobody asked for may be missing', (t) => {
  const folder = tempDir(t)
  const failing = lastWords(t, folder)
  failing.words.write('one')
  failing.words.write('two')
  assert.deepEqual(
    failing.lines().map(({ event, level }) => [event, level]),
    [['agent.termination-log', 'warn']],
  )
  const missing = lastWords(t, join(folder, 'none'), false)
  missing.words.write('one')
  assert.deepEqual(missing.lines(), [])
})
