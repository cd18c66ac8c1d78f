// From the command line and the file to a session; the server is a real one of three answers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { nodeMachine } from '../../../../src/faces/supervisord/config/node-machine.ts'
import { supervisorctl } from '../../../../src/faces/supervisord/ctl/main.ts'
import { decodeCall } from '../../../../src/wire/xmlrpc/decode.ts'
import { encodeResponse } from '../../../../src/wire/xmlrpc/encode.ts'
import { tempDir } from '../../../support/temp.ts'
import { info, rig } from './fake-server.ts'

interface Place {
  readonly folder: string
  /** Authorization headers, one per question. */
  readonly logins: (string | undefined)[]
  readonly run: (...argv: string[]) => Promise<{ code: number; output: string; errors: string; questions: string[] }>
}

async function place(t: TestContext, { typed = [] }: { typed?: readonly string[] } = {}): Promise<Place> {
  const folder = tempDir(t)
  const logins: (string | undefined)[] = []
  const server = createServer((request, response) => {
    let body = ''
    logins.push(request.headers.authorization)
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const { method } = decodeCall(body)
      response.end(encodeResponse(method === 'supervisor.getVersion' ? '3.0' : [info('web'), info('app:a')]))
    })
  }).listen(join(folder, 'sock'))
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const environment = { HOME: folder, WHERE: folder }
  const machine = nodeMachine({ environment, cwd: folder, uid: 0 })
  const run: Place['run'] = async (...argv) => {
    const { terminal } = rig({ typed })
    const world = { program: 'supervisorctl', executable: join(folder, 'bin/supervisorctl'), machine, terminal }
    const code = await supervisorctl(argv, world)
    return { code, output: terminal.output, errors: terminal.errors, questions: terminal.questions }
  }
  return { folder, logins, run }
}

const file = (more = ''): string =>
  `[supervisorctl]\nserverurl=unix://%(ENV_WHERE)s/sock\nusername=me\npassword=it\nprompt=ready\n${more}`

test('the file says where the server is and who asks; flags win', async (t) => {
  const { folder, logins, run } = await place(t)
  writeFileSync(join(folder, 'x.conf'), file())
  const { code, output } = await run('-c', 'x.conf', 'status', 'web')
  assert.deepEqual([code, output], [0, `${'web'.padEnd(33)}RUNNING   about web\n`])
  await run('-c', 'x.conf', '-u', 'you', '-p', 'that', 'status')
  assert.deepEqual([...new Set(logins)], ['Basic bWU6aXQ=', 'Basic eW91OnRoYXQ='])
  const away = await run('-c', 'x.conf', '-s', 'unix:///nope.sock', 'status')
  assert.deepEqual([away.code, away.output], [4, 'unix:///nope.sock no such file\n'])
})

test('where nobody answers a person is told once what to do, beside the words of the real one', async (t) => {
  const { folder } = await place(t)
  const { terminal } = rig({ typed: ['status', 'quit'] })
  const machine = nodeMachine({ environment: {}, cwd: folder, uid: 0 })
  const unanswered = (serverurl: string): string => `nobody at ${serverurl}`
  const world = { program: 'pidpiper ctl', executable: '/opt/pidpiper', machine, terminal, unanswered }
  await supervisorctl(['-s', 'unix:///nope.sock'], world)
  assert.equal(terminal.output.match(/^unix:\/\/\/nope.sock no such file$/gm)?.length, 2)
  assert.equal(terminal.errors, 'nobody at unix:///nope.sock\n')
})

test('without -c the usual places are searched, the one beside the program first; none is no problem', async (t) => {
  const { folder, run } = await place(t)
  const none = await run('-s', `unix://${folder}/sock`, 'status')
  assert.equal(none.code, 0)
  writeFileSync(join(folder, 'supervisord.conf'), '[supervisorctl]\nserverurl=unix:///nope.sock\n')
  assert.equal((await run('status')).code, 4)
  mkdirSync(join(folder, 'etc'))
  writeFileSync(join(folder, 'etc/supervisord.conf'), file())
  assert.equal((await run('status')).code, 0)
})

test('a plugin of Python is one warning, every problem of the file is told at once', async (t) => {
  const { folder, run } = await place(t)
  writeFileSync(join(folder, 'x.conf'), file('[ctlplugin:x]\nsupervisor.ctl_factory=x.y:make\ncolour=red\n'))
  const { code, errors } = await run('-c', 'x.conf', 'status')
  assert.equal(code, 0)
  assert.match(errors, /^Warning: \[ctlplugin:x\] names the factory x\.y:make, .*\n$/)
  writeFileSync(join(folder, 'bad.conf'), '[supervisorctl]\nprompt=%(nope)s\nusername=%(ENV_NO)s\n')
  const bad = await run('-c', 'bad.conf', 'status')
  assert.equal(bad.code, 2)
  assert.match(bad.errors, /^Error: .*nope.*\nError: .*ENV_NO.*\nFor help, use supervisorctl -h\n$/)
})

test('no action: status, then the prompt of the file, and 0 whatever happens', async (t) => {
  const { folder, run } = await place(t, { typed: ['bogus', 'status app:*'] })
  writeFileSync(join(folder, 'x.conf'), file())
  const { code, output, questions } = await run('-c', 'x.conf')
  const [web, app] = [`${'web'.padEnd(33)}RUNNING   about web\n`, `${'app:a'.padEnd(33)}RUNNING   about app:a\n`]
  assert.equal(output, `${web}${app}*** Unknown syntax: bogus\n${app}\n`)
  assert.deepEqual(questions, ['ready> ', 'ready> ', 'ready> '])
  assert.equal(code, 0)
})

test('help, and flags that do not go together', async (t) => {
  const { run } = await place(t)
  const { code, output } = await run('-?')
  assert.equal(code, 0)
  assert.match(output, /^supervisorctl -- control applications/)
  assert.match((await run('--watch', 'start', 'x')).errors, /^Error: --watch goes with the action status only\n/)
  assert.match((await run('--json')).errors, /^Error: --json needs an action\n/)
})
