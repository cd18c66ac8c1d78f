import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../../../src/domain/errors.ts'
import { anyLines, likelyFile } from '../config/random-files.ts'
import { world } from './world.ts'

/** What a command raised; a bug is no AgentError. */
function refusal(command: () => unknown): string | null {
  try {
    command()
    return null
  } catch (error) {
    if (error instanceof AgentError) return error.code
    throw error
  }
}

test('any file at all can be reread and put into force: it is, or the refusal has a code', async (t) => {
  const { life, rewrite, child } = world(t, { programs: '[program:steady]\ncommand=steady\nstartsecs=0' })
  await life.run()
  const { pid } = child('steady')
  const inForce = new Set<string>()
  fc.assert(
    fc.property(fc.oneof({ weight: 3, arbitrary: likelyFile }, anyLines), (text) => {
      rewrite(`[program:steady]\ncommand=steady\nstartsecs=0\n${text}`)
      const read = refusal(() => life.reread())
      assert.ok(read === null || read === 'CANT_REREAD', String(read))
      if (read !== null) return
      const { added, changed, removed } = life.reread()
      for (const name of [...changed, ...removed]) refusal(() => life.removeGroup(name))
      for (const name of [...changed, ...added]) if (refusal(() => life.addGroup(name)) === null) inForce.add(name)
      life.processes()
      life.configs()
    }),
    { numRuns: 60 },
  )
  assert.ok(inForce.size > 0, 'no file was sound')
  assert.equal(child('steady').pid, pid)
  assert.equal(life.process('steady').state, 'RUNNING')
})
