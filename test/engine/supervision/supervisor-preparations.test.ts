import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../../../src/domain/errors.ts'
import { program } from '../../domain/process/world.ts'
import { engine, eventsOf } from './supervisor-engine.ts'

test('a start waits for its owner, whose refusal is a failed start, and a stop calls it off', async () => {
  const ready: PromiseWithResolvers<undefined>[] = []
  const signals: AbortSignal[] = []
  const { supervisor, spawner, clock, events } = engine()
  supervisor.add(program({ prepares: true }), {
    ready: (signal) => {
      signals.push(signal)
      const answer = Promise.withResolvers<undefined>()
      ready.push(answer)
      return answer.promise
    },
    opened: () => undefined,
    endInput: () => undefined,
    closed: () => undefined,
  })
  supervisor.start('score')
  assert.deepEqual([supervisor.snapshot('score')?.state, spawner.children.length], ['STARTING', 0])
  ready[0]?.reject(new AgentError('SPAWN_ERROR', 'no disk'))
  await clock.advance(0)
  assert.deepEqual(
    [supervisor.snapshot('score')?.state, supervisor.snapshot('score')?.spawnerr],
    ['BACKOFF', 'no disk'],
  )
  await clock.advance(1000)
  await supervisor.stop('score')
  assert.equal(signals[1]?.aborted, true)
  supervisor.start('score')
  // The answer to a question that was called off is nobody's.
  ready[1]?.resolve(undefined)
  await clock.advance(0)
  assert.equal(spawner.children.length, 0)
  ready[2]?.resolve(undefined)
  await clock.advance(0)
  assert.equal(spawner.living.length, 1)
  supervisor.restart('score', 'too fat')
  assert.equal(supervisor.snapshot('score')?.again, 'too fat')
  spawner.last.dieOf('SIGTERM')
  await clock.advance(1000)
  ready[3]?.resolve(undefined)
  await clock.advance(1000)
  assert.deepEqual([supervisor.snapshot('score')?.state, supervisor.snapshot('score')?.restarts], ['RUNNING', 2])
  assert.equal(eventsOf(events, 'process.restarting').length, 1)
  // What is down stays down.
  await Promise.all([supervisor.stop('score'), Promise.resolve().then(() => spawner.last.dieOf('SIGTERM'))])
  supervisor.restart('score', 'too fat')
  assert.equal(supervisor.snapshot('score')?.state, 'STOPPED')
})
