// What is set and does nothing is said, once, and only where nothing else can still give it a meaning.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/config.ts'
import type { Machine } from '../../src/config/machine.ts'
import type { Environment } from '../../src/config/read.ts'
import { fakeMachine, least } from './fake-machine.ts'

const warnings = (environment: Environment, machine: Machine = fakeMachine()): readonly string[] =>
  loadConfig({ environment, flags: {}, machine }).warnings

const alone = { ...least, RUN_DOCUMENT_ALLOW: 'none' }

for (const [what, env, expected] of [
  [
    'exit on a FATAL that never comes',
    { EXIT_ON: 'fatal' },
    /^EXIT_ON=fatal without effect: with CALC\w+=-1 .* EXIT_ON=exit$/,
  ],
  ['exit on a FATAL that comes', { EXIT_ON: 'fatal', CALCULATOR_STARTRETRIES: '3' }, null],
  [
    'JSON in raw lines',
    { OUTPUT_FORMAT: 'raw', OUTPUT_JSON: 'yes' },
    /^OUTPUT_JSON without effect: with OUTPUT_FORMAT=raw/,
  ],
  ['topics of a source', { PROTOCOL: 'source' }, /^INPUT_TOPICS without effect: with PROTOCOL=source/],
  [
    'acknowledgements of a relay',
    { CHILD_CONTROL: 'ready,ack' },
    /^CHILD_CONTROL=ack without effect: with PROTOCOL=relay/,
  ],
  ['acknowledgements of a sink', { CHILD_CONTROL: 'ack', PROTOCOL: 'sink' }, null],
  [
    'a secret for the Calculator',
    { CHILD_ENV: 'HOME,CONTROL_TOKEN', HOME: '/', CONTROL_TOKEN: 'x'.repeat(40) },
    /^CHILD_ENV names CONTROL_TOKEN: a secret/,
  ],
  ['dead letters among the answers', { DEAD_LETTER_TOPIC: 'scores' }, /^DEAD_LETTER_TOPIC=scores is also OUTPUT_TOPIC/],
  [
    'quotes in a name',
    { KAFKA_CONSUMER_GROUP: "'g'" },
    /^KAFKA_CONSUMER_GROUP has quotes around it, and they are part/,
  ],
  ['blanks in a name', { KAFKA_CONSUMER_GROUP: 'g ' }, /^KAFKA_CONSUMER_GROUP has blanks around it, and they are part/],
  ['blanks that a list drops', { INPUT_TOPICS: ' a , b ' }, null],
] as const) {
  test(`warned about: ${what}`, () => {
    const given = warnings({ ...alone, ...env })
    assert.deepEqual(given.length, expected === null ? 0 : 1, given.join())
    if (expected !== null) assert.match(given.join(), expected)
  })
}

test('what the run document may still change is no warning', () => {
  const env = { ...least, PROTOCOL: 'source', OUTPUT_FORMAT: 'raw', OUTPUT_JSON: 'true' }
  assert.deepEqual(warnings(env), [])
})

test('sizes that the container cannot hold are told before it is killed for them', () => {
  const machine = fakeMachine({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': String(2 ** 28) })
  const told = (env: Environment): readonly string[] => warnings({ ...least, ...env }, machine)
  assert.deepEqual(told({}), [])
  assert.deepEqual(told({ BUFFER_BYTES: '200MiB', MAX_LINE: '128MiB' }), [
    'BUFFER_BYTES is 200 MiB, and the container has 256 MiB: it will run out of memory',
  ])
})
