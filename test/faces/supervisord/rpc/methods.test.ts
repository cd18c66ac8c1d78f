import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../../../src/domain/errors.ts'
import type { Dispatcher } from '../../../../src/faces/supervisord/rpc/dispatcher.ts'
import { faultOf } from '../../../../src/faces/supervisord/rpc/faults.ts'
import { createDispatcher } from '../../../../src/faces/supervisord/rpc/interfaces.ts'
import { encodeAnswer } from '../../../../src/faces/supervisord/rpc/method.ts'
import { processStruct, processXml } from '../../../../src/faces/supervisord/rpc/process-info.ts'
import { processStateCode } from '../../../../src/faces/supervisord/daemon.ts'
import type { ProcessState } from '../../../../src/domain/process/state.ts'
import { decodeResponse } from '../../../../src/wire/xmlrpc/decode.ts'
import { encodeResponseOf, encodeValue } from '../../../../src/wire/xmlrpc/encode.ts'
import type { XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'
import { FakeDaemon } from '../fake-daemon.ts'
import { configOf } from '../serving.ts'
import { signatures } from './signatures.ts'

function setUp(t: TestContext): { daemon: FakeDaemon; dispatcher: Dispatcher; log: string[] } {
  const config = configOf(t)
  const daemon = new FakeDaemon(config)
  const log: string[] = []
  const record = (level: string, text: string): void => void log.push(`${level} ${text}`)
  return { daemon, log, dispatcher: createDispatcher({ interfaces: config.rpcInterfaces, daemon, log: record }) }
}

/** The answer as a client reads it; a fault as `code text`. */
async function call(dispatcher: Dispatcher, method: string, ...params: XmlRpcValue[]): Promise<unknown> {
  try {
    const answer = decodeResponse(encodeResponseOf(encodeAnswer(await dispatcher.call(method, params))))
    return answer.kind === 'result' ? answer.value : answer
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    const { code, text } = faultOf(error)
    return `${code} ${text}`
  }
}

test('all 41 methods are there, with the signatures of supervisord', async (t) => {
  const { dispatcher } = setUp(t)
  assert.deepEqual(await call(dispatcher, 'system.listMethods'), Object.keys(signatures))
  for (const [name, signature] of Object.entries(signatures)) {
    assert.deepEqual(await call(dispatcher, 'system.methodSignature', name), signature)
    const help = String(await call(dispatcher, 'system.methodHelp', name))
    const [result, ...params] = signature
    assert.deepEqual(
      [...help.matchAll(/@param (\w+) \w+ ./g)].map((match) => match[1]),
      params,
    )
    assert.match(help, new RegExp(`@return ${result ?? ''} result .`))
  }
  assert.equal(await call(dispatcher, 'system.methodHelp', 'nope'), '4 SIGNATURE_UNSUPPORTED')
  assert.equal(await call(dispatcher, 'system.methodSignature', 'supervisor._update'), '4 SIGNATURE_UNSUPPORTED')
})

test('arguments: their number first, then the state, then their types', async (t) => {
  const { daemon, dispatcher } = setUp(t)
  for (const [name, [, ...params]] of Object.entries(signatures)) {
    const tooMany = Array.from({ length: params.length + 1 }, () => 'x')
    assert.equal(await call(dispatcher, name, ...tooMany), '2 INCORRECT_PARAMETERS', name)
  }
  assert.equal(await call(dispatcher, 'supervisor.startProcess'), '2 INCORRECT_PARAMETERS')
  assert.equal(
    await call(dispatcher, 'supervisor.getProcessInfo', 5),
    '2 INCORRECT_PARAMETERS: name must be of type string',
  )
  assert.equal(
    await call(dispatcher, 'supervisor.readLog', 'a', 0),
    '2 INCORRECT_PARAMETERS: offset must be of type int',
  )
  assert.equal(await call(dispatcher, 'supervisor.readLog', '-4', 0), 'log\n')
  assert.equal(
    await call(dispatcher, 'supervisor.sendProcessStdin', 'cat', 5),
    '2 INCORRECT_PARAMETERS: chars must be of type string',
  )
  daemon.shutdown()
  assert.equal(await call(dispatcher, 'supervisor.getProcessInfo', 5), '6 SHUTDOWN_STATE')
  assert.equal(await call(dispatcher, 'supervisor.getProcessInfo'), '2 INCORRECT_PARAMETERS')
})

test('names that are none are unknown methods', async (t) => {
  const { dispatcher } = setUp(t)
  const names = ['', 'x', 'supervisor', 'supervisor.', '.getPID', 'supervisor.getPID.x', 'supervisor._update']
  for (const name of [...names, 'supervisor.constructor', '__proto__.x', 'supervisor.__proto__', 'nope.getPID']) {
    assert.equal(await call(dispatcher, name), '1 UNKNOWN_METHOD', name)
  }
})

test('while it leaves, every supervisor method but one refuses; system answers', async (t) => {
  const { daemon, dispatcher } = setUp(t)
  assert.equal(await call(dispatcher, 'supervisor.restart'), true)
  for (const [name, [, ...params]] of Object.entries(signatures)) {
    if (!name.startsWith('supervisor.') || name.endsWith('sendRemoteCommEvent')) continue
    assert.equal(await call(dispatcher, name, ...params.map(() => 'x')), '6 SHUTDOWN_STATE', name)
  }
  assert.equal(await call(dispatcher, 'supervisor.sendRemoteCommEvent', 'kind', 7), true)
  assert.deepEqual(daemon.asked, ['event kind 7'])
  assert.equal(((await call(dispatcher, 'system.listMethods')) as string[]).length, 41)
})

test('faults of commands have supervisord’s numbers and texts', async (t) => {
  const { daemon, dispatcher } = setUp(t)
  const start = (name: string): Promise<unknown> => call(dispatcher, 'supervisor.startProcess', name)
  assert.equal(await start('nope'), '10 BAD_NAME: nope')
  assert.equal(await start('nope:*'), '10 BAD_NAME: nope:*')
  assert.equal(await start('missing'), "20 NO_FILE: can't find command '/no/such/binary'")
  assert.equal(await start('crashes'), '50 SPAWN_ERROR: crashes')
  assert.equal(await start('cat'), true)
  assert.equal(await start('cat'), '60 ALREADY_STARTED: cat')
  assert.equal(await call(dispatcher, 'supervisor.stopProcess', 'multi:multi_00'), '70 NOT_RUNNING: multi:multi_00')
  assert.equal(await call(dispatcher, 'supervisor.signalProcess', 'cat', 'FOO'), '11 BAD_SIGNAL: FOO')
  assert.equal(await call(dispatcher, 'supervisor.signalProcess', 'cat', 1), true)
  assert.equal(await call(dispatcher, 'supervisor.addProcessGroup', 'cat'), '90 ALREADY_ADDED: cat')
  assert.equal(await call(dispatcher, 'supervisor.removeProcessGroup', 'cat'), '91 STILL_RUNNING: cat')
  assert.equal(await call(dispatcher, 'supervisor.readLog', 0, -1), '3 BAD_ARGUMENTS')
  daemon.difference = new AgentError('CANT_REREAD', 'Source contains parsing errors')
  assert.equal(await call(dispatcher, 'supervisor.reloadConfig'), '92 CANT_REREAD: Source contains parsing errors')
})

test('a group is asked for by its star, and answers a struct per process', async (t) => {
  const { daemon, dispatcher } = setUp(t)
  const entry = (name: string): object => ({ name, group: 'multi', status: 80, description: 'OK' })
  const both = [entry('multi_00'), entry('multi_01')]
  assert.deepEqual(await call(dispatcher, 'supervisor.startProcess', 'multi:*', false), both)
  assert.deepEqual(await call(dispatcher, 'supervisor.signalProcess', 'multi:', 'HUP'), both)
  assert.deepEqual(await call(dispatcher, 'supervisor.stopProcessGroup', 'multi'), both)
  const all = (await call(dispatcher, 'supervisor.startAllProcesses')) as { name: string; status: number }[]
  const statuses = Object.fromEntries(all.map(({ name, status }) => [name, status]))
  assert.deepEqual(statuses, { cat: 80, crashes: 50, missing: 20, multi_00: 80, multi_01: 80 })
  assert.ok(daemon.asked.includes('start multi:multi_00 false') && daemon.asked.includes('start cat true'))
})

test('logs: bytes as text, tails, and bytes that are no UTF-8', async (t) => {
  const { daemon, dispatcher } = setUp(t)
  daemon.children.get('cat')?.stdout.append(Buffer.concat([Buffer.from('0123456789é'), Buffer.from([0xff, 0x1b])]))
  const tail = (offset: number, length: number): Promise<unknown> =>
    call(dispatcher, 'supervisor.tailProcessLog', 'cat', offset, length)
  assert.equal(await call(dispatcher, 'supervisor.readProcessLog', 'cat', 8, 4), '89é')
  assert.equal(await call(dispatcher, 'supervisor.readProcessStdoutLog', 'cat', 12, 0), '\ufffd\ufffd')
  assert.deepEqual(await tail(0, 4), ['é\ufffd\ufffd', 14, true])
  assert.deepEqual(await tail(99, 10), ['', 14, false])
  assert.deepEqual(await call(dispatcher, 'supervisor.tailProcessStderrLog', 'cat', 0, 9), ['', 0, false])
})

test('multicall: in order, bare values, faults in their place, no call within itself', async (t) => {
  const { daemon, dispatcher, log } = setUp(t)
  const first = Promise.withResolvers<undefined>()
  daemon.pace = first.promise
  const answers = call(dispatcher, 'system.multicall', [
    { methodName: 'supervisor.startProcess', params: ['cat'] },
    { methodName: 'supervisor.stopProcess', params: ['cat'] },
    { methodName: 'supervisor.getPID' },
    { methodName: 'system.multicall', params: [[]] },
    { params: [] },
    { methodName: 7 },
    'odd',
    { methodName: 'no.such' },
    { methodName: 'supervisor.getAllProcessInfo', params: 'x' },
  ])
  await new Promise(setImmediate)
  assert.deepEqual(daemon.asked, ['start cat true'])
  first.resolve(undefined)
  assert.deepEqual(await answers, [
    true,
    true,
    4242,
    { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: Recursive system.multicall forbidden' },
    { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: No methodName' },
    { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: methodName must be a string' },
    { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: expected a struct with methodName and params' },
    { faultCode: 1, faultString: 'UNKNOWN_METHOD' },
    { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: params must be an array' },
  ])
  daemon.reread = () => assert.fail('a bug')
  const [result] = (await call(dispatcher, 'system.multicall', [{ methodName: 'supervisor.reloadConfig' }])) as object[]
  assert.deepEqual(result, { faultCode: 30, faultString: 'FAILED: AssertionError [ERR_ASSERTION]: a bug' })
  assert.match(log.join(), /critical a call of a multicall failed/)
})

test('the fast form of a process is the slow one, for any process', () => {
  const time = fc.option(fc.integer({ min: 0, max: 2 ** 43 }))
  const info = fc.record({
    name: fc.string({ unit: 'binary' }),
    group: fc.string(),
    state: fc.constantFrom(...(Object.keys(processStateCode) as ProcessState[])),
    startedAt: time,
    stoppedAt: time,
    now: fc.integer({ min: 0, max: 2 ** 43 }),
    spawnerr: fc.string(),
    exitstatus: fc.integer({ min: -1, max: 255 }),
    pid: fc.option(fc.nat()),
    stdoutLogfile: fc.string(),
    stderrLogfile: fc.constantFrom('', '/x&y'),
  })
  fc.assert(
    fc.property(info, (any) => assert.equal(processXml(any), encodeValue(processStruct(any)))),
    { numRuns: 50 },
  )
})
