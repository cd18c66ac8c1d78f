// Control of a running agent: what the clients of supervisord and curl see, over the socket and over HTTP.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { defaultSocket, whomToAsk } from '../../src/agent/control/socket-place.ts'
import type { ProcessSnapshot } from '../../src/engine/snapshot.ts'
import { agentCommand, startAgent, type TestAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const keys = {
  CONTROL_TOKEN: 'operator-token-1',
  CONTROL_READ_TOKEN: 'reader-token-1234',
  CONTROL_USER: 'me',
  CONTROL_PASSWORD: 'a password',
}
const operator = { Authorization: `Bearer ${keys.CONTROL_TOKEN}` }
const reader = { Authorization: `Bearer ${keys.CONTROL_READ_TOKEN}` }

interface Controlled {
  readonly agent: TestAgent
  readonly socket: string
  /** One line through the Calculator. */
  readonly echo: (line: string) => Promise<void>
  /** `pidpiper ctl` with these words. */
  readonly ctl: (...words: string[]) => Promise<{ code: number; out: string }>
}

async function controlled(t: TestContext, env: Readonly<Record<string, string>> = keys): Promise<Controlled> {
  const socket = join(tempDir(t), 'control.sock')
  const agent = await startAgent(t, {
    stdin: 'pipe',
    args: ['--in', '-', '--out', '-', '--bin', 'cat'],
    env: { OUTPUT_FORMAT: 'raw', CONTROL_SOCKET: socket, ...env },
  })
  await agent.waitForStatus('the Calculator', ({ processes }) => processes[0]?.state === 'RUNNING')
  return {
    agent,
    socket,
    async echo(line) {
      agent.process.stdin?.write(`${line}\n`)
      await waitFor(`${line} on stdout`, () => agent.stdout.includes(`${line}\n`))
    },
    ctl: (...words) => run([...agentCommand(), 'ctl', ...words], { ...process.env, CONTROL_SOCKET: socket }),
  }
}

const run = (
  [command = '', ...words]: string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    const child = execFile(command, words, { env, cwd, timeout: 60_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, out: stdout + stderr }),
    )
  })

const post = (agent: TestAgent, path: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`http://127.0.0.1:${agent.port}/api/v1/${path}`, { method: 'POST', headers })

/** The status that REST on the socket answers with. */
const overSocket = (socketPath: string, path: string, method: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('error', reject)
    asked.end()
  })

test('the socket is its user’s alone, and ctl has the Calculator’s status', { timeout: 180_000 }, async (t) => {
  const { agent, socket, ctl, echo } = await controlled(t, {})
  assert.equal(statSync(socket).mode & 0o777, 0o600)
  const status = await ctl('-s', `unix://${socket}`, 'status')
  assert.equal(status.code, 0)
  assert.match(status.out, /^calculator +RUNNING +pid \d+, uptime 0:00:\d\d\n$/)
  await echo('before')
  assert.equal((await ctl('status')).out.slice(0, 10), 'calculator')
  const restarted = await ctl('-s', `unix://${socket}`, 'restart', 'calculator')
  assert.deepEqual(restarted, { code: 0, out: 'calculator: stopped\ncalculator: started\n' })
  await echo('after')
  assert.equal(await overSocket(socket, '/api/v1/processes/calculator', 'GET'), 200)
  // Without credentials set there is no control over HTTP.
  const overHttp = await ctl('-s', `http://127.0.0.1:${agent.port}`, 'status')
  assert.match(overHttp.out, /404 Not Found/)
  assert.match(overHttp.out, /gives nobody control\. An agent does with CONTROL_USER and CONTROL_PASSWORD set/)
  assert.equal((await agent.get('/api/v1/status')).status, 404)
  assert.equal((await post(agent, 'shutdown', operator)).status, 404)
  assert.equal(await overSocket(socket, '/api/v1/shutdown', 'POST'), 202)
  assert.equal((await agent.exit()).code, 0)
  assert.equal(existsSync(socket), false)
})

test('over HTTP the operator restarts the Calculator, the reader may not', { timeout: 180_000 }, async (t) => {
  const { agent, ctl, echo } = await controlled(t)
  await echo('one')
  const pid = await agent.calculator()
  assert.equal((await post(agent, 'processes/calculator/restart', reader)).status, 403)
  assert.equal(await agent.calculator(), pid)
  const restarted = await post(agent, 'processes/calculator/restart', operator)
  const process = (await restarted.json()) as ProcessSnapshot
  assert.deepEqual([restarted.status, process.state], [200, 'RUNNING'])
  assert.notEqual(process.pid, pid)
  await echo('two')
  const login = ['-s', `http://127.0.0.1:${agent.port}`, '-u', keys.CONTROL_USER, '-p', keys.CONTROL_PASSWORD]
  assert.match((await ctl(...login, 'status')).out, /^calculator +RUNNING/)
  assert.match(
    (await ctl('-s', `http://127.0.0.1:${agent.port}`, '-u', 'me', '-p', 'wrong', 'status')).out,
    /authentication/i,
  )
  assert.deepEqual(await ctl(...login, 'shutdown'), { code: 0, out: 'Shut down\n' })
  assert.equal((await agent.exit()).code, 0)
  assert.equal(agent.log.filter(({ event }) => event === 'control.refused').length, 1)
  for (const secret of [keys.CONTROL_TOKEN, keys.CONTROL_READ_TOKEN, keys.CONTROL_PASSWORD]) {
    assert.ok(!agent.stderr.includes(secret))
  }
})

test('XML-RPC answers a reader’s questions and refuses the orders', { timeout: 180_000 }, async (t) => {
  const { agent } = await controlled(t)
  const call = async (method: string, headers: Record<string, string>): Promise<string> => {
    const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params/></methodCall>`
    return (await fetch(`http://127.0.0.1:${agent.port}/RPC2`, { method: 'POST', headers, body })).text()
  }
  assert.match(await call('supervisor.getAllProcessInfo', reader), /<string>calculator<\/string>/)
  const orders = ['shutdown', 'restart', 'stopAllProcesses', 'startAllProcesses', 'clearAllProcessLogs', 'reloadConfig']
  for (const order of orders)
    assert.match(await call(`supervisor.${order}`, reader), /<int>30<\/int>.*may look/s, order)
  assert.match(await call('supervisor.getState', reader), /RUNNING/)
  assert.match(await call('supervisor.stopAllProcesses', operator), /<int>80<\/int>/)
  // A file as input: the Calculator’s end is the agent’s, unless it was stopped on purpose.
  assert.match(await call('supervisor.getAllProcessInfo', operator), /STOPPED/)
})

test('a socket that somebody else has: exit 69 if it was asked for', { timeout: 180_000 }, async (t) => {
  const { socket } = await controlled(t, {})
  const second = await startAgent(t, {
    args: ['--in', '/dev/null', '--out', '/dev/null', '--bin', 'cat'],
    env: { CONTROL_SOCKET: socket },
  })
  assert.equal((await second.exit()).code, 69)
  assert.match(second.stderr, /cannot listen on the control socket .*: another agent has it/)
  assert.deepEqual(
    second.log.filter(({ level }) => level !== 'info').map(({ event }) => event),
    ['agent.failed'],
  )
  assert.equal(await overSocket(socket, '/api/v1/status', 'GET'), 200)
})

test('a CONTROL_SOCKET that is not there is no leave to order another daemon about', { timeout: 30_000 }, async (t) => {
  const { agent, socket } = await controlled(t, {})
  const pid = await agent.calculator()
  const folder = tempDir(t)
  writeFileSync(join(folder, 'supervisord.conf'), `[supervisorctl]\nserverurl=unix://${socket}\n`)
  const ctl = (named: string): ReturnType<typeof run> =>
    run([...agentCommand(), 'ctl', 'stop', 'all'], { ...process.env, CONTROL_SOCKET: named }, folder)
  const absent = join(folder, 'absent.sock')
  const { code, out } = await ctl(absent)
  assert.equal(code, 7)
  assert.ok(out.startsWith(`unix://${absent} no such file\n`), out)
  assert.match(out, /it is the one that CONTROL_SOCKET names, and no other/)
  assert.equal(await agent.calculator(), pid)
  // Where no agent of ours listens, it is whom supervisorctl would ask.
  assert.deepEqual(await ctl('off'), { code: 0, out: 'calculator: stopped\n' })
})

test('an empty CONTROL_SOCKET is none: ctl looks in the default places', (t) => {
  const folder = tempDir(t)
  const places = [join(folder, 'pidpiper.sock'), join(folder, `pidpiper-${process.getuid?.() ?? 0}`, 'control.sock')]
  const nowhere = { serverurl: null, places, named: false }
  for (const unset of [undefined, '']) assert.deepEqual(whomToAsk(unset, folder, folder), nowhere)
  writeFileSync(join(folder, 'pidpiper.sock'), '')
  assert.equal(whomToAsk('', folder, folder).serverurl, `unix://${folder}/pidpiper.sock`)
  assert.deepEqual(whomToAsk('OFF', folder, folder), { serverurl: null, places: [], named: false })
})

test('the default socket is in /run, else in a folder that only we may enter', (t) => {
  const folder = tempDir(t)
  const uid = process.getuid?.() ?? 0
  assert.equal(defaultSocket(folder, '/nowhere', uid), join(folder, 'pidpiper.sock'))
  const none = join(folder, 'none')
  const own = join(folder, `pidpiper-${uid}`)
  assert.equal(defaultSocket(none, folder, uid), join(own, 'control.sock'))
  assert.equal(statSync(own).mode & 0o777, 0o700)
  assert.equal(defaultSocket(none, folder, uid), join(own, 'control.sock'))
  assert.throws(() => defaultSocket(none, folder, uid + 1), /not a folder of ours/)
  const trap = join(folder, 'trap')
  mkdirSync(trap)
  symlinkSync(own, join(trap, `pidpiper-${uid}`))
  assert.throws(() => defaultSocket(none, trap, uid), /not a folder of ours/)
  assert.throws(() => defaultSocket(none, '/proc', uid), /neither .* nor \/proc can be written/)
})
