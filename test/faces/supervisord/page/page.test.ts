import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { statusPage, confirmPage, tailPage } from '../../../../src/faces/supervisord/page/status-view.ts'
import type { StatusModel } from '../../../../src/faces/supervisord/page/model.ts'
import { processStateCode } from '../../../../src/faces/supervisord/daemon.ts'
import type { ProcessState } from '../../../../src/domain/process/state.ts'
import { exchange } from '../rpc/raw.ts'
import { serve, type Serving } from '../serving.ts'

const states = Object.keys(processStateCode) as ProcessState[]

test('nothing that a process is called or says becomes markup', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('<script>', '"><img src=x>', "' onload='x", '&lt;'),
  )
  const row = fc.record({
    namespec: odd.map((text) => text.toWellFormed()),
    state: fc.constantFrom(...states),
    description: odd,
    actions: fc.constantFrom(['start', 'clearlog'] as const, ['restart', 'stop'] as const),
  })
  const model: fc.Arbitrary<StatusModel> = fc.record({
    identifier: odd,
    daemonState: fc.constant('RUNNING'),
    message: fc.option(odd),
    processes: fc.array(row, { maxLength: 3 }),
  })
  const tags = (markup: string): string =>
    [...markup.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '')).join('')
  fc.assert(
    fc.property(model, (any) => {
      const plain = { ...any, identifier: '', message: any.message === null ? null : '' }
      const processes = any.processes.map((process) => ({ ...process, namespec: 'x', description: '' }))
      assert.equal(tags(statusPage(any)), tags(statusPage({ ...plain, processes })))
    }),
    { numRuns: 40 },
  )
  assert.ok(!tailPage('<b>', 1, '<i>').match(/<[bi]>/))
  assert.ok(!confirmPage({ action: 'stop', process: '<b>' }).includes('<b>'))
})

async function ask(
  t: TestContext,
  { socket }: Serving,
  method: string,
  path: string,
  body = '',
  headers = '',
): Promise<string> {
  const length = method === 'POST' ? `Content-Length: ${body.length}\r\n` : ''
  return exchange(t, socket, `${method} ${path} HTTP/1.1\r\nConnection: close\r\n${headers}${length}\r\n${body}`)
}

const location = (answer: string): string => /\r\nLocation: (.*)\r\n/.exec(answer)?.[1] ?? answer

test('the table: a row per process, with what can be done in its state', async (t) => {
  const serving = await serve(t)
  serving.daemon.set('cat', { state: 'RUNNING', pid: 77, startedAt: serving.daemon.now() - 44_000 })
  serving.daemon.set('missing', { state: 'FATAL', spawnerr: 'no <such> file' })
  serving.daemon.set('crashes', { state: 'BACKOFF' })
  const markup = await ask(t, serving, 'GET', '/?message=Process%20cat%20%3Cstarted%3E')
  const rows = markup.split('<tr').slice(2)
  assert.equal(rows.length, 5)
  const buttons = (row = ''): string[] => [...row.matchAll(/<button[^>]*>([^<]*)</g)].map((match) => match[1] ?? '')
  assert.deepEqual(buttons(rows[0]), ['Restart', 'Stop', 'Clear Log'])
  assert.match(
    rows[0] ?? '',
    /class="statusrunning">running<[\s\S]*pid 77, uptime 0:00:44[\s\S]*tail\.html\?processname=cat/,
  )
  assert.deepEqual(buttons(rows[1]), ['Clear Log'])
  assert.match(rows[1] ?? '', /class="shade"[\s\S]*class="statuserror">backoff</)
  assert.deepEqual(buttons(rows[2]), ['Start', 'Clear Log'])
  assert.match(rows[2] ?? '', /no &lt;such&gt; file/)
  assert.match(rows[3] ?? '', /multi:multi_00<[\s\S]*href="logtail\/multi%3Amulti_00\/stderr"/)
  assert.match(markup, /<title>Supervisor Status<\/title>[\s\S]*Process cat &lt;started&gt;[\s\S]*4\.2\.5/)
  assert.match(markup, /Content-Security-Policy: default-src 'none'/)
  assert.match(await ask(t, serving, 'GET', '/stylesheets/supervisor.css'), /text\/css[\s\S]*\.statusrunning/)
})

test('a form acts, and sends back to the page with its message, under the name that was asked for', async (t) => {
  const serving = await serve(t)
  const press = async (fields: string, headers = 'Host: map.example.com:8080\r\n'): Promise<string> =>
    location(await ask(t, serving, 'POST', '/index.html', fields, headers))
  const at = 'http://map.example.com:8080/?message='
  assert.equal(await press('action=start&processname=cat'), `${at}Process%20cat%20started`)
  assert.equal(await press('action=start&processname=cat'), `${at}ERROR%3A%20Process%20cat%3A%20already%20started`)
  assert.equal(await press('action=restart&processname=cat'), `${at}Process%20cat%20restarted`)
  assert.equal(await press('action=stop&processname=cat'), `${at}Process%20cat%20stopped`)
  assert.equal(
    await press('action=stop&processname=cat'),
    `${at}unexpected%20rpc%20fault%20%5B70%5D%20NOT_RUNNING%3A%20cat`,
  )
  assert.equal(await press('action=clearlog&processname=cat'), `${at}Log%20for%20cat%20cleared`)
  assert.equal(await press('action=start&processname=multi:*'), `${at}No%20such%20process%20named%20multi%3A%2A`)
  assert.equal(
    await press('action=start&processname=missing'),
    `${at}ERROR%3A%20Process%20missing%3A%20no%20such%20file`,
  )
  assert.match(await press('action=restartall'), /message=All%20restarted%20at%20\w{3}%20Nov%20/)
  assert.match(await press('action=stopall', 'Host: a:80\r\n'), /^http:\/\/a\/\?message=All%20stopped%20at/)
  assert.match(
    await press('action=refresh', 'Host: a\r\nOrigin: https://a\r\n'),
    /^https:\/\/a\/\?message=Page%20refreshed/,
  )
  assert.match(await press('action=refresh', ''), /^\/\?message=Page/)
  assert.match(await press('action=bogus'), /^HTTP\/1\.1 400 /)
  assert.match(await press('action=start'), /^HTTP\/1\.1 400 /)
  assert.match(await press('x'.repeat(70_000)), /^HTTP\/1\.1 413 /)
})

test('an old link asks before it acts', async (t) => {
  const serving = await serve(t)
  const asked = await ask(t, serving, 'GET', '/index.html?processname=multi%3Amulti_00&action=start')
  assert.match(asked, /^HTTP\/1\.1 200 /)
  assert.match(
    asked,
    /<form[^>]*method="post"[\s\S]*value="multi:multi_00"[\s\S]*<button name="action" value="start">Start</,
  )
  assert.match(await ask(t, serving, 'GET', '/?action=stopall'), /Stop All: every process\?/)
  assert.deepEqual(serving.daemon.asked, [])
  assert.match(location(await ask(t, serving, 'GET', '/index.html?action=refresh', '', 'Host: a\r\n')), /^http:\/\/a\//)
  assert.match(location(await ask(t, serving, 'POST', '/?action=start&processname=cat')), /cat%20started$/)
})

test('the end of a log as a page', async (t) => {
  const serving = await serve(t)
  serving.daemon.children.get('cat')?.stdout.append(`${'x'.repeat(2000)}<END>\n`)
  const tail = (query: string): Promise<string> => ask(t, serving, 'GET', `/tail.html${query}`)
  assert.match(await tail('?processname=cat&limit=7'), />x{1018}&lt;END&gt;\n<\/pre>/)
  assert.match(await tail('?processname=cat&limit=1500'), /tail\.html\?processname=cat&amp;limit=1500/)
  assert.match(await tail(''), /No process name found/)
  assert.match(await tail('?processname=nope'), /ERROR: unexpected rpc fault \[10\] BAD_NAME: nope/)
  assert.match(
    await ask(t, serving, 'HEAD', '/ok.html'),
    /^HTTP\/1\.1 200 [\s\S]*Content-Length: 2\r\n[\s\S]*\r\n\r\n$/,
  )
})
