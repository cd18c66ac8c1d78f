import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RpcFault } from '../../../../src/faces/supervisord/ctl/faults.ts'
import { perform } from '../../../../src/faces/supervisord/ctl/perform.ts'
import type { XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'
import { info, rig, type Answers } from './fake-server.ts'

const all = [info('app:a'), info('app:b', 'STOPPED', 0), info('app:c'), info('web')]

async function run(line: string, answers: Answers = {}, json = false) {
  const usual = { getAllProcessInfo: all, stopProcess: true, startProcess: true }
  const { session, terminal, calls } = rig({ answers: { ...usual, ...answers }, json })
  await perform(session, line)
  return { output: terminal.output, code: session.exitStatus, calls: calls.slice(1) }
}

test('one after the other: the next is stopped when the last one is up again', async () => {
  let underWay = 0
  const slowly = async (): Promise<boolean> => {
    assert.equal(++underWay, 1)
    await new Promise(setImmediate)
    underWay--
    return true
  }
  const stopProcess = (name: XmlRpcValue): boolean => {
    if (name === 'app:b') throw new RpcFault(70, 'NOT_RUNNING: app:b')
    return true
  }
  const { output, code, calls } = await run('rolling-restart app:*', { stopProcess, startProcess: slowly })
  assert.equal(output, 'app:a: restarted\napp:b: restarted\napp:c: restarted\n')
  assert.deepEqual(
    calls,
    ['a', 'b', 'c'].flatMap((name) => [`stopProcess("app:${name}")`, `startProcess("app:${name}")`]),
  )
  assert.equal(code, 0)
})

test('the first failure ends it, and the others stay as they are', async () => {
  const startProcess = (name: XmlRpcValue): boolean => {
    if (name === 'app:b') throw new RpcFault(50, 'SPAWN_ERROR: app:b')
    return true
  }
  const { output, code, calls } = await run('rolling-restart app:* web', { startProcess })
  assert.equal(output, 'app:a: restarted\napp:b: ERROR (spawn error)\napp:c: not restarted\nweb: not restarted\n')
  assert.equal(code, 7)
  assert.equal(calls.at(-1), 'startProcess("app:b")')
  const stuck = await run('rolling-restart web', { stopProcess: new RpcFault(30, 'FAILED: web is stuck') })
  assert.deepEqual([stuck.code, stuck.calls], [1, ['stopProcess("web")']])
})

test('names: processes, patterns, all, each once; an unknown one, and nothing is restarted', async () => {
  const started = async (words: string): Promise<string[]> =>
    (await run(`rolling-restart ${words}`)).output.split('\n').map((line) => line.replace(': restarted', ''))
  assert.deepEqual(await started('web app:c web'), ['web', 'app:c', ''])
  assert.deepEqual(await started('app:?'), ['app:a', 'app:b', 'app:c', ''])
  assert.deepEqual(await started('all'), ['app:a', 'app:b', 'app:c', 'web', ''])
  const unknown = await run('rolling-restart web nosuch')
  assert.deepEqual(unknown, { output: 'nosuch: ERROR (no such process)\n', code: 1, calls: [] })
  assert.equal((await run('rolling-restart no:*')).output, 'no:*: ERROR (no such group)\n')
  const nothing = await run('rolling-restart')
  assert.match(nothing.output, /^Error: rolling-restart requires a process name\nrolling-restart <gname>:\*/)
  assert.equal(nothing.code, 1)
})

test('--json tells the same to programs', async () => {
  const { output } = await run('rolling-restart web', {}, true)
  assert.deepEqual(JSON.parse(output), {
    command: 'rolling-restart',
    exitCode: 0,
    results: [{ group: 'web', name: 'web', status: 80, description: 'OK', deed: 'restarted', ok: true }],
  })
})
