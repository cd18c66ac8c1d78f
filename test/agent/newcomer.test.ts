// The first words that somebody types, and what they read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAgent } from '../support/agent.ts'

test('who names neither program nor streams is told where to begin', async (t) => {
  const bare = await startAgent(t)
  assert.equal((await bare.exit()).code, 78)
  assert.match(bare.stderr, /^pidpiper --help says how to begin, with Kafka and without$/m)
  const half = await startAgent(t, { args: ['--bin', 'cat', '--in', '-'] })
  assert.equal((await half.exit()).code, 78)
  assert.doesNotMatch(half.stderr, /--help/)
})

test('a command that starts nothing does not say that nothing was started', async (t) => {
  const policy = await startAgent(t, { args: ['consul', 'policy'] })
  assert.equal((await policy.exit()).code, 78)
  assert.match(policy.stderr, /^pidpiper: the configuration has a problem\n {2}NODE_ID is needed/)
})
