// What the recorded script cannot show: servers that misbehave, and what is ours alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpRefusal, RpcFault } from '../../../../src/faces/supervisord/ctl/faults.ts'
import { perform } from '../../../../src/faces/supervisord/ctl/perform.ts'
import type { XmlRpcStruct } from '../../../../src/wire/xmlrpc/values.ts'
import { info, rig, type RigOptions } from './fake-server.ts'

interface Outcome {
  readonly output: string
  readonly code: number
  readonly calls: readonly string[]
}

async function run(line: string, options: RigOptions = {}): Promise<Outcome> {
  const { session, terminal, calls } = rig(options)
  await perform(session, line)
  return { output: terminal.output, code: session.exitStatus, calls }
}

const all = [info('app:a'), info('app:b', 'STOPPED', 0), info('web', 'FATAL', 0), info('web-old')]
const ok = (group: string, name = group): XmlRpcStruct => ({ group, name, status: 80, description: 'OK' })

test('a pattern starts all it means at the same time, and tells them in order', async () => {
  let underWay = 0
  let most = 0
  const startProcess = async (name: unknown): Promise<boolean> => {
    most = Math.max(most, ++underWay)
    await new Promise((resolve) => setTimeout(resolve, name === 'web' ? 20 : 1))
    underWay--
    return true
  }
  const { output, code, calls } = await run('start web* app:b', { answers: { getAllProcessInfo: all, startProcess } })
  assert.equal(output, 'web: started\nweb-old: started\napp:b: started\n')
  assert.deepEqual(calls, [
    'getAllProcessInfo()',
    'startProcess("web")',
    'startProcess("web-old")',
    'startProcess("app:b")',
  ])
  assert.equal(most, 2)
  assert.equal(code, 0)
})

test("a pattern that means nothing is the server's unknown name; status knows patterns too", async () => {
  const answers = { getAllProcessInfo: all, stopProcess: new RpcFault(10, 'BAD_NAME: x*') }
  assert.equal((await run('stop x*', { answers })).output, 'x*: ERROR (no such process)\n')
  const { output, code } = await run('status app:? x*', { answers })
  assert.match(output, /^x\*: ERROR \(no such process\)\napp:a .*\napp:b .*\n$/)
  assert.equal(code, 3)
})

test('clear takes a group, which the real one does not know', async () => {
  const answers = { getAllProcessInfo: all, clearProcessLogs: true }
  assert.equal((await run('clear app:*', { answers })).output, 'app:a: cleared\napp:b: cleared\n')
  const unknown = await run('clear nosuch:*', { answers })
  assert.deepEqual([unknown.output, unknown.code], ['nosuch: ERROR (no such group)\n', 1])
})

test('--json is one document with what text would say', async () => {
  const answers = {
    getAllProcessInfo: all,
    startProcessGroup: [ok('app', 'a'), { group: 'app', name: 'b', status: 50, description: 'SPAWN_ERROR' }],
    startProcess: new RpcFault(10, 'BAD_NAME: nosuch'),
  }
  const started = await run('start app:* nosuch', { answers, json: true })
  assert.deepEqual(JSON.parse(started.output), {
    command: 'start',
    exitCode: 1,
    results: [
      { ...ok('app', 'a'), deed: 'started', ok: true },
      { group: 'app', name: 'b', status: 50, description: 'SPAWN_ERROR', deed: 'started', ok: false },
      { group: 'nosuch', name: 'nosuch', status: 10, description: 'BAD_NAME: nosuch', deed: 'started', ok: false },
    ],
  })
  const status = await run('status web', { answers, json: true })
  assert.deepEqual(JSON.parse(status.output), { command: 'status', exitCode: 3, results: [info('web', 'FATAL', 0)] })
})

test('a server of another API, one without our namespace, one that is no supervisord', async () => {
  const other = await run('start x', { answers: { getVersion: '4.0' } })
  assert.match(other.output, /^Sorry, .* API version 3\.0, but the remote version is 4\.0\.\n$/)
  assert.equal(other.code, 5)
  const none = await run('start x', { answers: { getVersion: new RpcFault(1, 'UNKNOWN_METHOD') } })
  assert.match(none.output, /rpcinterface:supervisor\] section is enabled/)
  assert.equal(none.code, 3)
  assert.equal((await run('status', { answers: { getVersion: new RpcFault(1, 'UNKNOWN_METHOD') } })).code, 4)
  const strange = await run('status', { answers: { getAllProcessInfo: [{ name: 'x' }] } })
  assert.equal(
    strange.output,
    "error: <class 'xmlrpc.client.ResponseError'>, group in getAllProcessInfo: expected a string\n",
  )
  assert.equal(strange.code, 1)
})

test('a daemon that is shutting down', async () => {
  const leaving = new RpcFault(6, 'SHUTDOWN_STATE')
  const answers = { reloadConfig: leaving, getAllConfigInfo: leaving, shutdown: leaving, restart: leaving }
  const said = async (line: string): Promise<unknown> => {
    const { output, code } = await run(line, { answers: { ...answers, addProcessGroup: leaving } })
    return [output, code]
  }
  assert.deepEqual(await said('reread'), ['ERROR: supervisor shutting down\n', 1])
  assert.deepEqual(await said('avail'), ['ERROR: supervisor shutting down\n', 1])
  assert.deepEqual(await said('update'), ['ERROR: already shutting down\n', 1])
  assert.deepEqual(await said('reload'), ['ERROR: already shutting down\n', 1])
  assert.deepEqual(await said('shutdown'), ['ERROR: already shutting down\n', 0])
  assert.deepEqual(await said('add x'), ['ERROR: shutting down\n', 1])
  const { output, code } = await run('status', { answers: { getVersion: leaving } })
  assert.equal(output, "error: <class 'xmlrpc.client.Fault'>, <Fault 6: 'SHUTDOWN_STATE'>\n")
  assert.equal(code, 1)
})

test('update removes nothing that did not stop', async () => {
  const failed = { group: 'old', name: 'old', status: 30, description: 'FAILED: cannot kill' }
  const answers = { reloadConfig: [[[], [], ['old']]], stopProcessGroup: [failed], removeProcessGroup: true }
  const { output, code, calls } = await run('update', { answers })
  assert.equal(output, 'old: stopped\nold: has problems; not removing\n')
  assert.equal(code, 1)
  assert.deepEqual(calls, ['reloadConfig()', 'stopProcessGroup("old")'])
})

test('update goes removed, changed, added, and names what a bad file says', async () => {
  const answers = {
    reloadConfig: [[['new'], ['web'], ['old']]],
    ...{ stopProcessGroup: [], removeProcessGroup: true, addProcessGroup: true },
  }
  assert.equal(
    (await run('update', { answers })).output,
    'old: stopped\nold: removed process group\nweb: stopped\nweb: updated process group\nnew: added process group\n',
  )
  const bad = new RpcFault(92, 'CANT_REREAD: it\'s "bad"')
  const { output } = await run('update', { answers: { reloadConfig: bad } })
  assert.equal(output, `error: <class 'xmlrpc.client.Fault'>, <Fault 92: 'CANT_REREAD: it\\'s "bad"'>\n`)
})

test('a server that asks for a password: told outside the shell, asked for inside', async () => {
  let known = false
  const getVersion = (): string => {
    if (!known) throw new HttpRefusal(401, 'Unauthorized')
    return '3.0'
  }
  const outside = await run('pid', { answers: { getVersion } })
  assert.equal(outside.output, 'Server requires authentication\n')
  assert.equal(outside.code, 1)

  const answers = { getVersion: () => (getVersion.call(null), '3.0'), getPID: 42 }
  const { session, terminal, targets } = rig({ answers, typed: ['me', 'secret'], interactive: true })
  const ask = terminal.ask.bind(terminal)
  terminal.ask = (question) => {
    known = question === 'Password:'
    return ask(question)
  }
  await perform(session, 'pid')
  assert.equal(terminal.output, 'Server requires authentication\n\n42\n')
  assert.deepEqual(targets.at(-1), { serverurl: 'unix:///run/x.sock', username: 'me', password: 'secret' })
})

test('the shell asks before shutdown and reload, scripts are not asked', async () => {
  const answers = { shutdown: true, restart: true }
  for (const [typed, calls] of [
    [['y'], ['shutdown()']],
    [['n'], []],
    [[], []],
  ] as const) {
    const { session, calls: made } = rig({ answers, typed, interactive: true })
    await perform(session, 'shutdown')
    assert.deepEqual(made, calls)
  }
  assert.equal((await run('reload', { answers })).output, 'Restarted supervisord\n')
})

test('a fault that no deed expects is told as the real one tells it', async () => {
  const answers = { startProcess: new RpcFault(30, 'FAILED: x'), stopProcess: new RpcFault(30, 'FAILED: no way') }
  const { output, code } = await run('start x', { answers })
  assert.equal(output, "error: <class 'ValueError'>, Unknown result code 30 for x\n")
  assert.equal(code, 1)
  assert.equal((await run('stop x', { answers })).output, 'FAILED: no way\n')
})
