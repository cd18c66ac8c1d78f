// An agent with every port it can have, records that flow through it meanwhile, and the means to attack it.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { freePort } from '../support/ports.ts'
import { tempDir } from '../support/temp.ts'

const secrets = { token: 'operator-token-1', reader: 'reader-token-1234', user: 'me', password: 'a password' }
const basic = Buffer.from(`${secrets.user}:${secrets.password}`).toString('base64')
/** The header of one who may do everything, for every server. */
export const login = `Authorization: Basic ${basic}\r\n`

export interface Target {
  readonly name: 'agent' | 'inet' | 'unix'
  readonly where: number | string
}

export interface Scene {
  readonly agent: TestAgent
  readonly targets: readonly Target[]
  readonly folder: string
}

/** HTTP_LISTEN with control, and supervisord's two servers with a password; the control socket is for its owner alone. */
export async function attackable(t: TestContext): Promise<Scene> {
  const folder = tempDir(t)
  const inet = await freePort()
  const unix = join(folder, 'supervisor.sock')
  const key = `username=${secrets.user}\npassword=${secrets.password}\n`
  const file = join(folder, 'supervisord.conf')
  writeFileSync(
    file,
    `[supervisord]\nnodaemon=true\nlogfile=${folder}/main.log\npidfile=${folder}/pid\nchildlogdir=${folder}\n` +
      `[inet_http_server]\nport=127.0.0.1:${inet}\n${key}[unix_http_server]\nfile=${unix}\n${key}` +
      '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n' +
      '[program:sleeper]\ncommand=sleep 1000\n',
  )
  const agent = await startAgent(t, {
    stdin: 'pipe',
    args: ['-c', file, '--in', '-', '--out', '-', '--bin', 'cat'],
    env: {
      OUTPUT_FORMAT: 'raw',
      CONTROL_SOCKET: join(folder, 'control.sock'),
      CONTROL_TOKEN: secrets.token,
      CONTROL_READ_TOKEN: secrets.reader,
      CONTROL_USER: secrets.user,
      CONTROL_PASSWORD: secrets.password,
    },
  })
  await agent.waitForStatus(
    'two processes',
    ({ processes }) => processes.filter(({ pid }) => pid !== null).length === 2,
  )
  const targets: Target[] = [
    { name: 'agent', where: agent.port },
    { name: 'inet', where: inet },
    { name: 'unix', where: unix },
  ]
  return { agent, targets, folder }
}

/** A connection from an address of its own, since guesses are counted by address. */
export async function dial({ where }: Target, from = '127.0.0.1'): Promise<Socket> {
  const socket =
    typeof where === 'string' ? connect(where) : connect({ port: where, host: '127.0.0.1', localAddress: from })
  // To be cut off is what most of these connections are for.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Sends bytes, and gives all that comes until the server ends the connection. */
export async function hit(target: Target, bytes: string, from?: string): Promise<string> {
  const socket = await dial(target, from)
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.write(bytes)
  await closed(socket)
  return answer
}

/** However it ends: `once` would reject with an error that comes before. */
export const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1] ?? 0)

export interface Flow {
  /** Ends the flow. @returns lines that were fed, whether all came back in order, the longest silence in ms, stalls of this process left out */
  end(): Promise<{ fed: number; inOrder: boolean; silence: number }>
}

const LOOK = 20

/** A numbered line every few milliseconds through the Calculator and back. */
export function flow(t: TestContext, agent: TestAgent): Flow {
  let [fed, silence, quiet, last, length] = [0, 0, 0, performance.now(), 0]
  const timer = setInterval(() => agent.process.stdin?.write(`${fed++}\n`), 5)
  // Thousands of connections keep this process from looking, too: what passes between two looks counts as one tick.
  const watch = setInterval(() => {
    const now = performance.now()
    quiet += Math.min(now - last, 2 * LOOK)
    silence = Math.max(silence, quiet)
    if (agent.stdout.length > length) [quiet, length] = [0, agent.stdout.length]
    last = now
  }, LOOK)
  const pause = (): void => {
    clearInterval(timer)
    clearInterval(watch)
  }
  t.after(pause)
  return {
    async end() {
      pause()
      agent.process.stdin?.end()
      await agent.exit()
      const expected = Array.from({ length: fed }, (_, number) => `${number}\n`).join('')
      return { fed, inOrder: agent.stdout === expected, silence }
    },
  }
}
