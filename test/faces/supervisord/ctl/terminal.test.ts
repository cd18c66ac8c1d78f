// supervisorctl in a real terminal: `script` gives the program a pty and types what we write.
import assert from 'node:assert/strict'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { decodeCall } from '../../../../src/wire/xmlrpc/decode.ts'
import { encodeFault, encodeResponse } from '../../../../src/wire/xmlrpc/encode.ts'
import type { XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'
import { agentCommand } from '../../../support/agent.ts'
import { tempDir } from '../../../support/temp.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { info } from './fake-server.ts'

/** A supervisord of three processes, which follows logs for ever. */
async function server(t: TestContext, { talkative = false } = {}): Promise<{ folder: string; stopped: string[] }> {
  const folder = tempDir(t)
  const stopped: string[] = []
  const answers: Record<string, (name: string) => XmlRpcValue> = {
    'supervisor.getVersion': () => '3.0',
    'supervisor.getAllProcessInfo': () => [info('app:a'), info('app:b'), info('web')],
    'supervisor.getProcessInfo': (name) => info(name),
    'supervisor.stopProcess': (name) => stopped.push(name) > 0,
    'supervisor.getPID': () => 4711,
  }
  const http = createServer((request, response) => {
    if (request.method === 'GET') {
      response.write('a line of the log\n')
      if (!talkative) return
      const more = setInterval(() => response.write('another\n'), 20)
      response.on('close', () => clearInterval(more))
      return
    }
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const { method, params } = decodeCall(body)
      const answer = answers[method]
      response.end(
        answer === undefined ? encodeFault(1, 'UNKNOWN_METHOD') : encodeResponse(answer(params[0] as string)),
      )
    })
  }).listen(join(folder, 'sock'))
  await once(http, 'listening')
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  writeFileSync(
    join(folder, 'ctl.conf'),
    `[supervisorctl]\nserverurl=unix://${folder}/sock\nprompt=ready\nhistory_file=${folder}/history\n`,
  )
  return { folder, stopped }
}

class Person {
  screen = ''
  readonly #script: ChildProcessWithoutNullStreams
  readonly #left: Promise<unknown[]>

  constructor(t: TestContext, folder: string, words: string) {
    // `exec`: the Ctrl-C is for the program, a shell in between would take it too.
    const command = ['exec', ...agentCommand(), 'supervisorctl', '-c', join(folder, 'ctl.conf'), words].join(' ')
    this.#script = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh' },
    })
    this.#script.stdout.on('data', (chunk: Buffer) => (this.screen += chunk.toString()))
    this.#left = once(this.#script, 'close')
    t.after(() => this.#script.kill('SIGKILL'))
  }

  /** Waits until the screen shows it, from where it was seen last. */
  async sees(text: string): Promise<void> {
    await waitFor(`${JSON.stringify(text)} in ${JSON.stringify(this.screen)}`, () => this.screen.includes(text))
    this.screen = this.screen.slice(this.screen.indexOf(text) + text.length)
  }

  types(keys: string): void {
    this.#script.stdin.write(keys)
  }

  async leaves(): Promise<unknown> {
    return (await this.#left)[0]
  }
}

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const UP = '\u001b[A'

test('the shell completes names, remembers lines, follows a log until Ctrl-C, and leaves at Ctrl-D', async (t) => {
  const { folder, stopped } = await server(t)
  const person = new Person(t, folder, '')
  await person.sees('web')
  await person.sees('ready> ')
  person.types('sto\t')
  await person.sees('stop ')
  // Each key alone: a tabulator within a pasted text is text.
  person.types('app:b')
  await person.sees('app:b')
  person.types('\t')
  await person.sees(' ')
  person.types('\r')
  await person.sees('app:b: stopped')
  assert.deepEqual(stopped, ['app:b'])
  await person.sees('ready> ')
  person.types('tail -f web\r')
  await person.sees('a line of the log')
  person.types(CTRL_C)
  await person.sees('ready> ')
  person.types(`${UP}${UP}\r`)
  await person.sees('app:b: stopped')
  await person.sees('ready> ')
  // Pasted lines, all of them.
  person.types('pid\rpid web\r')
  await person.sees('4711')
  await person.sees('7')
  await person.sees('ready> ')
  person.types(CTRL_D)
  assert.equal(await person.leaves(), 0)
  const lines = ['stop app:b ', 'tail -f web', 'stop app:b ', 'pid', 'pid web']
  assert.equal(readFileSync(join(folder, 'history'), 'utf8'), lines.map((line) => `${line}\n`).join(''))
})

test('Ctrl-C at the prompt leaves the shell; the lines of the last time are there', async (t) => {
  const { folder } = await server(t)
  writeFileSync(join(folder, 'history'), 'version\npid\n')
  const person = new Person(t, folder, '')
  await person.sees('ready> ')
  person.types(`${UP}\r`)
  await person.sees('4711')
  await person.sees('ready> ')
  person.types(CTRL_C)
  assert.equal(await person.leaves(), 0)
})

test('fg ends at Ctrl-C', async (t) => {
  const { folder } = await server(t)
  const person = new Person(t, folder, 'fg web')
  await person.sees('==> Press Ctrl-C to exit <==')
  await person.sees('a line of the log')
  person.types(CTRL_C)
  await person.sees('Exiting foreground')
  assert.equal(await person.leaves(), 0)
})

test('status --watch paints again until Ctrl-C, and has the exit code of status', async (t) => {
  const { folder } = await server(t)
  const person = new Person(t, folder, 'status --watch=0.1 web')
  for (let look = 0; look < 3; look++) await person.sees('\u001b[H\u001b[Jweb ')
  person.types(CTRL_C)
  assert.equal(await person.leaves(), 0)
})

function piped(folder: string, ...words: string[]): ChildProcessWithoutNullStreams {
  const [file, ...first] = agentCommand()
  const env = { PATH: process.env['PATH'] }
  return spawn(file, [...first, 'supervisorctl', '-c', join(folder, 'ctl.conf'), ...words], { env })
}

test('lines from a pipe, of which the last has no end', async (t) => {
  const { folder } = await server(t)
  const child = piped(folder)
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stdin.end('pid\n\nbogus\npid web')
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.equal(
    out.slice(out.indexOf('ready>')),
    'ready> 4711\nready> ready> *** Unknown syntax: bogus\nready> 7\nready> \n',
  )
})

test('a reader that has seen enough ends tail -f, without a word', async (t) => {
  const { folder } = await server(t, { talkative: true })
  const child = piped(folder, 'tail', '-f', 'web')
  t.after(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.equal(errors, '')
})
