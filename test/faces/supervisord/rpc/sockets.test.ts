import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../../../src/domain/errors.ts'
import { openServers, type OpenServers } from '../../../../src/faces/supervisord/rpc/servers.ts'
import { freePort } from '../../../support/ports.ts'
import { tempDir } from '../../../support/temp.ts'
import { FakeDaemon } from '../fake-daemon.ts'
import { configOf } from '../serving.ts'
import { exchange, get, open, statusOf } from './raw.ts'

async function openFile(t: TestContext, text: string, log: string[] = []): Promise<OpenServers> {
  const { servers, rpcInterfaces, ...config } = configOf(t, text)
  const daemon = new FakeDaemon({ servers, rpcInterfaces, ...config })
  const record = (level: string, line: string): void => void log.push(`${level} ${line}`)
  const opened = await openServers({ servers, rpcInterfaces, daemon, log: record })
  t.after(() => opened.close())
  return opened
}

async function refusal(opening: Promise<unknown>): Promise<string> {
  try {
    await opening
  } catch (error) {
    assert.ok(error instanceof AgentError && error.code === 'UNAVAILABLE', String(error))
    return error.subject
  }
  throw new Error('it was opened')
}

const taken =
  'Another program is already listening on a port that one of our HTTP servers is configured to use.  ' +
  'Shut this program down first before starting supervisord.'

test('a unix socket has its mode, and is gone after the end', async (t) => {
  const folder = tempDir(t)
  const file = join(folder, 'a.sock')
  const opened = await openFile(t, `[unix_http_server]\nfile=${file}\nchmod=0765\n`)
  assert.equal(statSync(file).mode & 0o777, 0o765)
  assert.deepEqual(readdirSync(folder), ['a.sock'])
  assert.equal(statusOf(await exchange(t, file, get('/ok.html'))), 200)
  await opened.close()
  assert.deepEqual(readdirSync(folder), [])
})

test('a live socket is refused, a stale one replaced, and one that is not ours stays', async (t) => {
  const file = join(tempDir(t), 'a.sock')
  const text = `[unix_http_server]\nfile=${file}\n`
  const first = await openFile(t, text)
  const log: string[] = []
  assert.equal(await refusal(openFile(t, text, log)), taken)
  assert.match(log.join(), /critical cannot open the server \[unix_http_server\] on .*a\.sock: \S+a\.sock is in use$/)
  assert.equal(statusOf(await exchange(t, file, get('/ok.html'))), 200)
  await first.close()

  // A socket that is bound and left behind: closing it would remove it.
  const stale = createServer().listen(`${file}.other`)
  await once(stale, 'listening')
  linkSync(`${file}.other`, file)
  stale.close()
  const second = await openFile(t, text, log)
  assert.ok(log.includes(`warn Unlinking stale socket ${file}`))
  assert.equal(statusOf(await exchange(t, file, get('/ok.html'))), 200)

  renameSync(file, `${file}.away`)
  writeFileSync(file, 'another daemon’s')
  await second.close()
  assert.ok(existsSync(file))
  assert.match(await refusal(openFile(t, text)), /something else has that name/)
})

test('what cannot be opened says so in supervisord’s words, and leaves nothing open', async (t) => {
  const folder = tempDir(t)
  const port = await freePort()
  const good = `[unix_http_server]\nfile=${join(folder, 'good.sock')}\n`
  const inet = (name: string): string => `[inet_http_server${name}]\nport=127.0.0.1:${port}\n`
  assert.equal(await refusal(openFile(t, inet(':a') + inet(':b'))), taken)
  assert.equal(
    await refusal(openFile(t, `${inet('')}${good}[unix_http_server:x]\nfile=${folder}/no/such/dir.sock\n`)),
    'Cannot open an HTTP server: socket.error reported errno.ENOENT (2)',
  )
  assert.deepEqual(readdirSync(folder), [])
  await openFile(t, inet(''))
  const long = join(folder, 'x'.repeat(90))
  assert.match(await refusal(openFile(t, `[unix_http_server]\nfile=${long}\n`)), /has more than \d+ bytes$/)
})

test('an owner that may not be given is named', { skip: process.getuid?.() === 0 && 'root may' }, async (t) => {
  const file = join(tempDir(t), 'a.sock')
  const opening = openFile(t, `[unix_http_server]\nfile=${file}\nchown=0:0\n`)
  assert.match(await refusal(opening), /^Not permitted to chown .*a\.sock to uid\/gid \(0, 0\); adjust "sockchown"/)
  assert.ok(!existsSync(file))
})

test('root gives the socket away', { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const file = join(tempDir(t), 'a.sock')
  await openFile(t, `[unix_http_server]\nfile=${file}\nchown=1:1\n`)
  assert.deepEqual([statSync(file).uid, statSync(file).gid], [1, 1])
})

test('closing ends what hangs on it, log streams too', async (t) => {
  const file = join(tempDir(t), 'a.sock')
  const opened = await openFile(t, `[unix_http_server]\nfile=${file}\n`)
  const idle = await open(t, file)
  const stream = await open(t, file)
  stream.socket.write('GET /mainlogtail HTTP/1.1\r\n\r\n')
  await once(stream.socket, 'data')
  await opened.close()
  await Promise.all([idle.ended, stream.ended])
  // Closing twice is nothing.
  await opened.close()
})

test('a folder that may not be written to is told', { skip: process.getuid?.() === 0 && 'root may' }, async (t) => {
  const folder = join(tempDir(t), 'closed')
  mkdirSync(folder)
  chmodSync(folder, 0o500)
  const opening = openFile(t, `[unix_http_server]\nfile=${folder}/a.sock\n`)
  assert.equal(await refusal(opening), 'Cannot open an HTTP server: socket.error reported errno.EACCES (13)')
})
