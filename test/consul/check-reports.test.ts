import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkReports, MAX_OUTPUT } from '../../src/consul/check-reports.ts'
import type { DocumentSnapshot, ProcessSnapshot, Snapshot, StreamSnapshot } from '../../src/engine/snapshot.ts'
import { calculator, KEY, running, stream } from './all-well.ts'

const agentIs = (state: Snapshot['agent']['state'], reason = ''): Snapshot => ({
  ...running,
  agent: { ...running.agent, state, reason },
})
const documentIs = (document: Partial<DocumentSnapshot>): Snapshot => ({
  ...running,
  document: { ...running.document, ...document },
})
const calculatorIs = (process: Partial<ProcessSnapshot>): Snapshot => ({
  ...running,
  processes: [{ ...calculator, ...process }],
})
const streamIs = (change: Partial<StreamSnapshot>): Snapshot => ({ ...running, streams: [{ ...stream, ...change }] })

test('all well: both pass, with lag and config version', () => {
  const { agent, calculator } = checkReports(running)
  assert.deepEqual(agent, {
    status: 'passing',
    output: 'running\nconfig version 77\nlag 12, in flight 3, partitions 1',
  })
  assert.deepEqual(calculator, {
    status: 'passing',
    output: 'calculator RUNNING, pid 42\nconfig version 77\nlag 12, in flight 3, partitions 1',
  })
})

const agentStates = { starting: 'warning', waiting: 'passing', running: 'passing', adopting: 'warning', degraded: 'warning', draining: 'critical', stopped: 'critical' } as const // prettier-ignore
for (const [state, status] of Object.entries(agentStates)) {
  test(`an agent that is ${state} is ${status}`, () => {
    const report = checkReports(agentIs(state as keyof typeof agentStates, 'because')).agent
    assert.equal(report.status, status)
    assert.match(report.output, new RegExp(`^${state}: because\n`))
  })
}

const processStates = { RUNNING: 'passing', STARTING: 'warning', BACKOFF: 'warning', STOPPING: 'warning', STOPPED: 'critical', EXITED: 'critical', FATAL: 'critical', UNKNOWN: 'critical' } as const // prettier-ignore
for (const [state, status] of Object.entries(processStates)) {
  test(`a Calculator that is ${state} is ${status}, and critical in a crash loop`, () => {
    const process = { state: state as keyof typeof processStates }
    assert.equal(checkReports(calculatorIs(process)).calculator.status, status)
    assert.equal(checkReports(calculatorIs({ ...process, crashLoop: true })).calculator.status, 'critical')
    assert.equal(checkReports(calculatorIs(process)).agent.status, 'passing')
  })
}

test('a Calculator between two runs passes', () => {
  for (const state of ['STARTING', 'EXITED', 'RUNNING'] as const) {
    const between = calculatorIs({ state, ranWell: true })
    assert.equal(checkReports(between).calculator.status, 'passing', state)
    assert.equal(checkReports(calculatorIs({ state, ranWell: true, crashLoop: true })).calculator.status, 'critical')
  }
  for (const state of ['BACKOFF', 'STOPPED', 'FATAL'] as const)
    assert.notEqual(checkReports(calculatorIs({ state, ranWell: true })).calculator.status, 'passing', state)
})

test('waiting for a document: the agent passes, the Calculator is critical and names the key', () => {
  const snapshot: Snapshot = {
    ...agentIs('waiting', `waiting for run document at ${KEY}`),
    document: { key: KEY, state: 'waiting', configVersion: null, rejected: 0, problem: '' },
    processes: [],
    streams: [],
  }
  const { agent, calculator } = checkReports(snapshot)
  assert.deepEqual(agent, { status: 'passing', output: `waiting for run document at ${KEY}` })
  assert.deepEqual(calculator, { status: 'critical', output: `waiting for run document at ${KEY}` })
  const withProcess = checkReports({ ...snapshot, processes: calculatorIs({ state: 'STOPPED' }).processes })
  assert.deepEqual(withProcess.calculator, calculator)
})

test('a refused document warns with the path of the field, and says what stays in force', () => {
  const problem = 'calculator.bn: unknown field, did you mean "bin"?'
  const { agent, calculator } = checkReports(documentIs({ state: 'refused', problem }))
  assert.equal(agent.status, 'warning')
  assert.equal(calculator.status, 'passing')
  for (const { output } of [agent, calculator]) {
    assert.ok(output.includes(`run document refused, the last good one stays in force: ${problem}`), output)
  }
  const first = documentIs({ state: 'refused', problem, configVersion: null })
  const waiting = checkReports({ ...first, agent: agentIs('waiting').agent, processes: [], streams: [] })
  assert.deepEqual([waiting.agent.status, waiting.calculator.status], ['warning', 'critical'])
  assert.match(waiting.calculator.output, /^no Calculator\nrun document refused, none is in force: calculator\.bn/)
})

test('a document that was rolled back warns, one that is gone is only told', () => {
  assert.equal(checkReports(documentIs({ state: 'rolled-back', problem: 'x' })).agent.status, 'warning')
  assert.equal(checkReports(documentIs({ state: 'unreachable', problem: 'x' })).agent.status, 'warning')
  const gone = checkReports(documentIs({ state: 'disappeared' })).agent
  assert.equal(gone.status, 'passing')
  assert.match(gone.output, new RegExp(`run document at ${KEY} is gone, the last good one stays in force`))
})

test('a broker that is away warns, and is named', () => {
  const away = checkReports(streamIs({ input: { ...stream.input, error: 'no broker answers', lag: null } }))
  assert.equal(away.agent.status, 'warning')
  assert.match(away.agent.output, /input: no broker answers\nlag unknown/)
  assert.equal(checkReports(streamIs({ output: { ...stream.output, error: 'not allowed' } })).agent.status, 'warning')
})

test('a crash loop tells failed starts, next start, last exit and the last stderr lines', () => {
  const { output } = checkReports(
    calculatorIs({
      state: 'BACKOFF',
      pid: null,
      crashLoop: true,
      retries: 5,
      retryInMs: 3500,
      restarts: 9,
      exit: { code: 1, signal: null, expected: false },
      stderrTail: ['Traceback', '\u001b[31mValueError: bad\u001b[0m\r', ''],
    }),
  ).calculator
  assert.equal(
    output,
    [
      'calculator BACKOFF, crash loop, 5 failed starts in a row, next start in 3.5 s, restarts 9, last exit 1',
      'config version 77',
      'lag 12, in flight 3, partitions 1',
      'stderr:',
      'Traceback',
      'ValueError: bad',
    ].join('\n'),
  )
})

test('what holds up a stream is said', () => {
  const { status, output } = checkReports(
    streamIs({ blockBuffered: true, stuck: [{ topic: 'in', partition: 4 }] }),
  ).calculator
  assert.equal(status, 'passing')
  assert.match(output, /block-buffered/)
  assert.match(output, /no progress on in\/4/)
})

test('a Calculator that can get no more records is critical', () => {
  const { status, output } = checkReports(streamIs({ stdinClosed: true })).calculator
  assert.equal(status, 'critical')
  assert.match(output, /^closed its stdin: /m)
})

test('of several processes the worst counts, and only those with streams', () => {
  const other = { ...calculator, name: 'other', group: 'other', state: 'FATAL' as const }
  assert.equal(checkReports({ ...running, processes: [calculator, other] }).calculator.status, 'passing')
  const second = { ...stream, namespec: 'other' }
  assert.equal(
    checkReports({ ...running, processes: [calculator, other], streams: [stream, second] }).calculator.status,
    'critical',
  )
})

test('the text is at most 1 KB of clean text, and ends with the last stderr line', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3000 })
  fc.assert(
    fc.property(
      text,
      text,
      fc.array(text, { maxLength: 20 }),
      fc.string({ minLength: 1, maxLength: 100 }),
      (spawnerr, problem, lines, last) => {
        const snapshot = {
          ...documentIs({ state: 'refused', problem }),
          ...{ processes: [{ ...calculator, spawnerr, stderrTail: [...lines, `~${last}~`] }] },
        }
        const { agent, calculator: own } = checkReports(snapshot)
        for (const { output } of [agent, own]) {
          assert.ok(Buffer.byteLength(output) <= MAX_OUTPUT)
          assert.ok(output.isWellFormed())
          assert.doesNotMatch(output.replaceAll('\n', ''), /\p{Cc}/u)
        }
        assert.match(checkReports(snapshot).calculator.output, /\n~[^\n]*~$/)
      },
    ),
  )
})

test('as many of the last lines are shown as there is room for, counted in bytes', () => {
  const stderrTail = Array.from({ length: 60 }, (_, index) => `${String(index).padStart(2, '0')} ${'ü'.repeat(20)}`)
  const { output } = checkReports(calculatorIs({ stderrTail })).calculator
  assert.ok(Buffer.byteLength(output) <= MAX_OUTPUT && Buffer.byteLength(output) > MAX_OUTPUT - 45)
  const shown = output.split('\n').filter((line) => line.endsWith('ü'))
  assert.deepEqual(shown, stderrTail.slice(-shown.length))
})

test('a last line too long for the text keeps its beginning; the document problem its path', () => {
  const snapshot = {
    ...documentIs({ state: 'refused', problem: `input.topics[0]: ${'é'.repeat(5000)}` }),
    processes: [{ ...calculator, stderrTail: ['old', `KeyError: ${'ü'.repeat(5000)}`] }],
  }
  const { output } = checkReports(snapshot).calculator
  assert.ok(Buffer.byteLength(output) <= MAX_OUTPUT && Buffer.byteLength(output) > MAX_OUTPUT - 20)
  assert.match(output, /input\.topics\[0\]: é+…\nstderr:\nKeyError: ü+…$/)
})

test('several workers: a line for each, what flows once, and the words of those that are down', () => {
  const workers = [0, 1, 2].map((worker) => ({ ...calculator, name: `calculator_0${worker}`, pid: 40 + worker }))
  const [up, down, other] = workers.map((process, worker) => ({ ...process, stderrTail: [`said by ${worker}`] }))
  assert.ok(up && down && other)
  const processes = [up, { ...down, state: 'BACKOFF' as const, pid: null, retries: 2 }, other]
  const streams = workers.map(({ name }, worker) => ({
    ...stream,
    namespec: `calculator:${name}`,
    input: { ...stream.input, assigned: [{ topic: 'in', partition: worker }], error: 'no broker' },
    stuck: worker === 1 ? [{ topic: 'in', partition: 1 }] : [],
  }))
  const reports = checkReports({ ...running, processes, streams })
  assert.equal(reports.calculator.status, 'warning')
  assert.deepEqual(reports.calculator.output.split('\n'), [
    'calculator:calculator_00 RUNNING, pid 40',
    'calculator:calculator_01 BACKOFF, 2 failed starts in a row',
    'calculator:calculator_02 RUNNING, pid 42',
    'config version 77',
    'calculator:calculator_01: no progress on in/1',
    'lag 36, in flight 9, partitions 3',
    'stderr:',
    'said by 1',
  ])
  assert.deepEqual(reports.agent.output.split('\n').slice(-2), [
    'input: no broker',
    'lag 36, in flight 9, partitions 3',
  ])
})
