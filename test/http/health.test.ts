import assert from 'node:assert/strict'
import { test } from 'node:test'
import { components, readiness } from '../../src/http/health.ts'
import { aSnapshot, type Changes } from './a-snapshot.ts'

const reasons = (changes: Changes): readonly string[] => readiness(aSnapshot(changes)).reasons
const stuck = [
  { topic: 'a', partition: 0 },
  { topic: 'b', partition: 3 },
]

const ready: [string, Changes][] = [
  ['at work', {}],
  ['a member without partitions', { input: { assigned: [], lastFetchAgeMs: null, lag: null } }],
  ['a member without partitions that fetched long ago', { input: { assigned: [], lastFetchAgeMs: 1e7 } }],
  ['just assigned, nothing fetched yet', { input: { lastFetchAgeMs: null } }],
  ['a fetch age at the limit', { input: { lastFetchAgeMs: 60_000 } }],
  ['no fetch while records are in flight', { input: { lastFetchAgeMs: 1e7 }, stream: { inFlight: 1 } }],
  ['no fetch while the buffer is full', { input: { lastFetchAgeMs: 1e7 }, stream: { bufferedBytes: 1024 } }],
  ['no fetch while a checkpoint holds the feeding', { input: { lastFetchAgeMs: 1e7 }, stream: { phase: 'holding' } }],
  ['adopting a document', { agent: { state: 'adopting' } }],
  ['degraded, Consul away', { agent: { state: 'degraded', reason: 'x', consul: 'unreachable' } }],
  ['a refused document', { document: { state: 'refused', problem: 'input.topics: no list' } }],
  ['no Consul', { agent: { consul: 'off' }, document: { key: null, state: 'none' } }],
  ['a batch whose run goes on, after one that did its work', { process: { state: 'STARTING', ranWell: true } }],
  ['between two runs of a batch', { process: { state: 'EXITED', ranWell: true, retryInMs: 40 } }],
  ['a block-buffered Calculator', { stream: { blockBuffered: true } }],
]
for (const [title, changes] of ready) test(`ready: ${title}`, () => assert.deepEqual(reasons(changes), []))

const notReady: [string, Changes, string][] = [
  ['waiting', { agent: { state: 'waiting', reason: 'no document at k' } }, 'agent: waiting, no document at k'],
  ['starting', { agent: { state: 'starting' } }, 'agent: starting'],
  ['draining', { agent: { state: 'draining' } }, 'agent: draining'],
  ['stopped', { agent: { state: 'stopped' } }, 'agent: stopped'],
  ['not joined', { input: { joined: false } }, 'input of calculator: not joined to the consumer group'],
  ['a fetch error', { input: { error: 'broker away' } }, 'input of calculator: broker away'],
  ['nothing fetched', { input: { lastFetchAgeMs: 60_001 } }, 'input of calculator: nothing fetched for 60 s'],
  ['no progress', { stream: { stuck } }, 'input of calculator: no progress on a/0, b/3'],
  [
    'a produce error',
    { output: { error: 'topic scores is missing' } },
    'output of calculator: topic scores is missing',
  ],
  [
    'a Calculator that closed its stdin',
    { stream: { stdinClosed: true } },
    'calculator: closed its stdin: it gets no more records before it is started anew, which ANSWER_TIMEOUT would do',
  ],
  ['the Calculator starts', { process: { state: 'STARTING' } }, 'calculator: STARTING'],
  ['a batch is stopped', { process: { state: 'STOPPED', ranWell: true } }, 'calculator: STOPPED'],
  [
    'the Calculator is in back-off',
    { process: { state: 'BACKOFF', exit: { code: 3, signal: null, expected: false } } },
    'calculator: BACKOFF, exit code 3',
  ],
  [
    'the Calculator was killed',
    { process: { state: 'EXITED', exit: { code: null, signal: 'SIGKILL', expected: false } } },
    'calculator: EXITED, ended by SIGKILL',
  ],
  [
    'the Calculator cannot be started',
    { process: { state: 'FATAL', spawnerr: "can't find command 'x'" } },
    "calculator: FATAL, can't find command 'x'",
  ],
  [
    'a crash loop, even between two crashes',
    { process: { state: 'RUNNING', retries: 5, crashLoop: true } },
    'calculator: crash loop, 5 failed starts in a row',
  ],
]
for (const [title, changes, reason] of notReady) {
  test(`not ready: ${title}`, () => assert.deepEqual(reasons(changes), [reason]))
}

test('a stream without its process, and several reasons at once', () => {
  const snapshot = { ...aSnapshot({ agent: { state: 'draining' } }), processes: [] }
  assert.deepEqual(readiness(snapshot), { ready: false, reasons: ['agent: draining', 'calculator: not started'] })
})

test('processes without a stream cost no readiness', () => {
  assert.equal(readiness({ ...aSnapshot({ process: { state: 'STOPPED' } }), streams: [] }).ready, true)
})

test('the process of a group with several is found by its namespec', () => {
  const names = { name: 'calculator_01', group: 'calculator' }
  assert.deepEqual(reasons({ process: names, stream: { namespec: 'calculator:calculator_01' } }), [])
  assert.deepEqual(reasons({ process: names, stream: { namespec: 'calculator' } }), ['calculator: not started'])
})

test('components name what only warns', () => {
  const found = components(
    aSnapshot({
      agent: { consul: 'unreachable' },
      document: { state: 'rolled-back', problem: 'the Calculator ended' },
    }),
  )
  assert.deepEqual(
    found.filter(({ status }) => status === 'warn').map(({ name, reason }) => `${name}: ${reason}`),
    [
      'consul: unreachable, the last run document stays in force',
      'run document: k/wsp-1 rolled back: the Calculator ended',
    ],
  )
})
