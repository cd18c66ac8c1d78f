import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import type { StreamSettings } from '../../../src/domain/stream/settings.ts'
import {
  DocumentControl,
  type DocumentParts,
  type VersionedText,
} from '../../../src/engine/document/document-control.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { plainSettings } from '../../support/plain-settings.ts'

const base: StreamSettings = { ...plainSettings, inputTopics: [], outputTopic: null, outputFormat: 'raw', bin: null }

const document = (topic: string, bin = 'cat'): string =>
  JSON.stringify({ input: { topics: [topic] }, calculator: { bin } })

/** Adopts in the order asked, each when the test says so; a program called `broken` never starts. */
class FakeAdoption {
  settings: StreamSettings | null = null
  readonly adopted: StreamSettings[] = []
  #held: PromiseWithResolvers<undefined> | null = null
  #turn: Promise<void> = Promise.resolve()

  hold(): () => void {
    const held = (this.#held = Promise.withResolvers<undefined>())
    return () => {
      this.#held = null
      held.resolve(undefined)
    }
  }

  adopt(settings: StreamSettings): Promise<void> {
    const { promise } = this.#held ?? { promise: undefined }
    this.#turn = this.#turn.then(async () => {
      await promise
      this.settings = settings
      this.adopted.push(settings)
    })
    return this.#turn
  }

  verdict(): Promise<string | null> {
    return Promise.resolve(this.settings?.bin === 'broken' ? 'exits at once' : null)
  }
}

function world(more: Partial<DocumentParts> = {}) {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const adoption = new FakeAdoption()
  const kept: VersionedText[] = []
  const control = new DocumentControl({
    clock,
    events,
    adoption,
    key: 'dir/node',
    base,
    allow: new Set(['streams', 'calculator']),
    obstacle: ({ bin, inputTopics }) => (bin === null || inputTopics.length === 0 ? 'no program or no topics' : null),
    lastGood: { read: () => kept.at(-1) ?? null, write: (good) => void kept.push(good) },
    waitMs: null,
    proven: () => undefined,
    failed: (error) => assert.fail(String(error)),
    ...more,
  })
  control.start()
  const tell = async (text: string, modifyIndex: number): Promise<void> => {
    control.news({ kind: 'document', text, modifyIndex })
    for (let turns = 0; turns < 5; turns++) await turn()
  }
  const topics = (): readonly string[] => adoption.settings?.inputTopics ?? []
  return { clock, events, adoption, control, kept, tell, topics }
}

test('another document with the same index, from a Consul that lost its data, is taken', async () => {
  const { control, tell, topics } = world()
  await tell(document('one'), 20)
  await tell(document('two'), 20)
  assert.deepEqual(topics(), ['two'])
  assert.equal(control.snapshot().configVersion, 20)
})

test('the config version is that of what is in force, also while something newer is being adopted', async () => {
  const { control, adoption, tell } = world()
  await tell(document('one'), 1)
  const release = adoption.hold()
  await tell(document('two'), 2)
  assert.equal(control.snapshot().configVersion, 1)
  release()
  await turn()
  assert.equal(control.snapshot().configVersion, 2)
})

test('a refused document is still refused after an outage, and forgotten when it is gone', async () => {
  const { control, tell } = world()
  await tell(document('one'), 1)
  await tell('{"inputs": {}}', 2)
  const refused = control.snapshot()
  assert.equal(refused.state, 'refused')
  control.news({ kind: 'unreachable', reason: 'connection refused' })
  assert.equal(control.snapshot().state, 'unreachable')
  await tell('{"inputs": {}}', 2)
  assert.deepEqual(control.snapshot(), refused)
  await tell(document('one'), 1)
  assert.deepEqual(control.snapshot(), {
    key: 'dir/node',
    state: 'in-force',
    configVersion: 1,
    problem: '',
    rejected: 1,
  })
})

test('with the environment in force an outage is over when Consul answers that there is no document', async () => {
  const { control, adoption, events } = world({ base: { ...base, inputTopics: ['own'], bin: 'cat' } })
  control.news({ kind: 'missing' })
  await turn()
  assert.deepEqual(adoption.settings?.inputTopics, ['own'])
  control.news({ kind: 'unreachable', reason: 'connection refused' })
  assert.equal(control.snapshot().state, 'unreachable')
  control.news({ kind: 'missing' })
  assert.equal(control.snapshot().state, 'in-force')
  const told = events.since(0).map(({ event }) => event)
  assert.deepEqual(told, ['document.unreachable', 'document.in-force'])
})

test('CONSUL_WAIT does not end the wait of an agent whose first document is broken', async () => {
  const { clock, control, adoption, tell } = world({
    base: { ...base, inputTopics: ['own'], bin: 'cat' },
    waitMs: 5000,
  })
  await clock.advance(4000)
  await tell('{', 7)
  await clock.advance(60_000)
  assert.deepEqual(adoption.adopted, [])
  assert.match(control.waitingFor ?? '', /^waiting for run document at dir\/node: line 1/)
})

test('a roll-back goes to the last document with which the Calculator came up, over what came between', async () => {
  const { control, adoption, kept, tell, topics } = world()
  await tell(document('one'), 1)
  const release = adoption.hold()
  void tell(document('two', 'broken'), 2)
  const three = tell(document('three', 'broken'), 3)
  assert.equal(control.onProbation, true)
  release()
  await three
  assert.deepEqual(topics(), ['one'])
  assert.deepEqual(
    adoption.adopted.map(({ inputTopics }) => inputTopics[0]),
    ['one', 'two', 'three', 'one'],
  )
  assert.equal(control.onProbation, false)
  assert.equal(control.snapshot().state, 'rolled-back')
  assert.equal(control.snapshot().configVersion, 1)
  assert.deepEqual(
    kept.map(({ modifyIndex }) => modifyIndex),
    [1],
  )
  await tell(document('three', 'broken'), 3)
  assert.equal(adoption.adopted.length, 4)
})

test('other topics for a Calculator that fails for reasons of its own are not rolled back', async () => {
  const { control, adoption, tell, topics } = world()
  await tell(document('one'), 1)
  adoption.verdict = () => Promise.resolve('exits at once')
  await tell(document('two'), 2)
  assert.deepEqual(topics(), ['two'])
  assert.equal(control.snapshot().state, 'in-force')
  await tell(document('three', 'broken'), 3)
  assert.deepEqual(topics(), ['two'])
})

test('without a good one before it, a document whose Calculator cannot start stays in force', async () => {
  const { control, tell, kept, topics } = world()
  await tell(document('one', 'broken'), 1)
  assert.equal(control.snapshot().state, 'in-force')
  assert.deepEqual(kept, [])
  await tell(document('two'), 2)
  assert.deepEqual(topics(), ['two'])
  assert.deepEqual(
    kept.map(({ modifyIndex }) => modifyIndex),
    [2],
  )
})

test('each document is told with its version, and a refusal says whether anything is in force', async () => {
  const { events, tell } = world()
  await tell('{"inputs": {}}', 1)
  await tell(document('one'), 2)
  await tell('[]', 3)
  await tell(document('one', 'broken'), 4)
  const told = events.since(0).map(({ event, message, fields }) => [event, fields['modifyIndex'], message])
  assert.deepEqual(told, [
    ['document.refused', 1, 'the run document is refused, waiting for a good one'],
    ['document.accepted', 2, 'taking over the run document'],
    ['document.refused', 3, 'the run document is refused, the last good one stays in force'],
    ['document.accepted', 4, 'taking over the run document'],
    ['document.rolled-back', 4, 'rolled back to the last good run document'],
  ])
})
