// The set-up of the guide: the daemon on a unix socket without a password, a real nginx in front that asks for one.
import assert from 'node:assert/strict'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { text } from 'node:stream/consumers'
import { decodeResponse } from '../../src/wire/xmlrpc/decode.ts'
import { encodeCall } from '../../src/wire/xmlrpc/encode.ts'
import { isStruct } from '../../src/wire/xmlrpc/values.ts'
import { waitFor } from '../support/wait-for.ts'
import { startNginx, withoutNginx } from './support/nginx.ts'
import { startOurs } from './support/our-daemon.ts'

const HOST = 'map.example.com:8080'
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const program = '[program:cat]\ncommand=sh -c "echo here; exec cat"\nstartsecs=0\nstdout_logfile=%(here)s/cat.log\n'

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

test('behind nginx with auth_basic', { skip: withoutNginx }, async (t) => {
  const { folder } = await startOurs(t, program)
  const port = await startNginx(t, join(folder, 'sock'))
  const ask = (path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = { Host: HOST, Authorization: `Basic ${btoa('user:secret')}`, ...headers }
      request({ port, host: '127.0.0.1', path, method, headers: sent }, resolve).on('error', reject).end(body)
    })

  await t.test('the page comes, and the password that nginx asked for is not ours to judge', async () => {
    const page = await ask('/')
    assert.equal(page.statusCode, 200)
    assert.match(await text(page), /Supervisor Status[\s\S]*statusrunning">running[\s\S]*cat/)
    const denied = await ask('/', { headers: { Authorization: `Basic ${btoa('user:wrong')}` } })
    assert.equal(denied.statusCode, 401)
    assert.equal(denied.headers['www-authenticate'], 'Basic realm="Restricted"')
  })

  await t.test('a button leads back to the name under which the browser knows the page', async () => {
    const body = 'action=restart&processname=cat'
    const press = (headers: Record<string, string>): Promise<IncomingMessage> =>
      ask('/index.html', { method: 'POST', headers: { ...form, ...headers }, body })
    const pressed = await press({ Origin: `http://${HOST}` })
    assert.equal(pressed.statusCode, 301)
    assert.equal(pressed.headers.location, `http://${HOST}/?message=Process%20cat%20restarted`)
    assert.match(await text(await ask('/?message=Process%20cat%20restarted')), /Process cat restarted/)
    const foreign = await press({ Origin: 'http://evil.example.com' })
    assert.equal(foreign.statusCode, 403)
  })

  await t.test('XML-RPC', async () => {
    const body = encodeCall('supervisor.getProcessInfo', ['cat'])
    const answer = await ask('/RPC2', { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body })
    const decoded = decodeResponse(await text(answer))
    assert.ok(decoded.kind === 'result' && isStruct(decoded.value))
    assert.equal(decoded.value['statename'], 'RUNNING')
  })

  await t.test('a log is followed through it', async () => {
    const following = await ask('/logtail/cat')
    let seen = ''
    following.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    t.after(() => following.destroy())
    await waitFor('what was there', () => seen.startsWith('here\n'))
    const body = encodeCall('supervisor.sendProcessStdin', ['cat', 'more\n'])
    await text(await ask('/RPC2', { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body }))
    await waitFor('what came later', () => seen.endsWith('more\n'))
  })
})
