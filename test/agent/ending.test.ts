import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ending } from '../../src/agent/ending.ts'
import { AgentError } from '../../src/domain/errors.ts'

function world() {
  const told: string[] = []
  const ending = new Ending({ line: (level, text) => void told.push(`${level} ${text}`) })
  return { ending, told }
}

test('what goes wrong after an end that was asked for decides how it ends, and the first of it', async () => {
  const { ending, told } = world()
  assert.equal(ending.isBegun, false)
  ending.begin({ code: 0, reason: null })
  assert.equal(ending.isBegun, true)
  ending.fail(new AgentError('SHUTDOWN_STATE', 'the agent stops'))
  assert.deepEqual(await ending.outcome(), { code: 0, reason: null })
  ending.fail(new AgentError('UNAVAILABLE', 'no space left'))
  ending.fail(new Error('odd'))
  assert.deepEqual(await ending.outcome(), { code: 69, reason: 'no space left' })
  assert.deepEqual(told, ['fatal no space left', 'fatal Error: odd'])
})

test('the code of the Calculator stands, whatever goes wrong after it', async () => {
  const { ending } = world()
  ending.begin({ code: 3, reason: 'it ended with 3' })
  ending.failWith({ code: 70, reason: 'a bug' })
  assert.deepEqual(
    [await ending.begun, await ending.outcome()],
    [
      { code: 3, reason: 'it ended with 3' },
      { code: 3, reason: 'it ended with 3' },
    ],
  )
})

test('an error begins the end; one that is none of ours is a bug', async () => {
  const { ending } = world()
  ending.fail(new Error('odd'))
  assert.deepEqual(await ending.begun, { code: 70, reason: 'Error: odd' })
})
