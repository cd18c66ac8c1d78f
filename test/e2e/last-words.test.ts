// What is left of a Calculator that died: in the log, and in the file that the platform shows.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'

const dying = `read -r one; echo "answer to $one"; read -r two; printf 'half of'; echo "cannot do $two" >&2; exit 3`

test('a Calculator that ends the agent leaves its last moments', { timeout: 180_000 }, async (t) => {
  const folder = tempDir(t)
  const [from, file] = [join(folder, 'in'), join(folder, 'termination-log')]
  writeFileSync(from, 'first\nsecond\nthird\n')
  const agent = await startAgent(t, {
    args: ['--in', from, '--out', join(folder, 'out'), '--bin', 'sh', '--arg', '-c', '--arg', dying],
    env: { OUTPUT_FORMAT: 'raw', TERMINATION_LOG: file },
  })
  assert.deepEqual(await agent.exit(), { code: 3, signal: null })
  const [box, ...more] = agent.log.filter(({ event }) => event === 'stream.black-box')
  assert.deepEqual(more, [])
  assert.deepEqual(
    [box?.['fed'], box?.['printed'], box?.['stderr'], box?.['exitCode']],
    [['first', 'second', 'third'], ['answer to first', 'half of'], ['cannot do second'], 3],
  )
  assert.equal(
    readFileSync(file, 'utf8'),
    [
      ...['calculator ended: exit code 3', 'last stderr:', 'cannot do second'],
      ...['last output:', 'answer to first', 'half of', 'last input:', 'first', 'second', 'third', ''],
    ].join('\n'),
  )
})

test('a configuration with which nothing can start is told there, too', { timeout: 180_000 }, async (t) => {
  const file = join(tempDir(t), 'termination-log')
  const agent = await startAgent(t, { env: { TERMINATION_LOG: file, MAX_LINE: 'long' } })
  assert.equal((await agent.exit()).code, 78)
  assert.match(readFileSync(file, 'utf8'), /MAX_LINE="long"/)
})
