// The real supervisord and ours on the same configuration, asked the same over XML-RPC.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { decodeResponse } from '../../../../src/wire/xmlrpc/decode.ts'
import { encodeCall } from '../../../../src/wire/xmlrpc/encode.ts'
import { isStruct, type XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'
import { freePort } from '../../../support/ports.ts'
import { tempDir } from '../../../support/temp.ts'
import { waitFor } from '../../../support/wait-for.ts'

const main = resolve(import.meta.dirname, '../../../../src/main.ts')

/** Gives the answer in a form that does not depend on when and where. */
export type Ask = (method: string, params: readonly XmlRpcValue[]) => Promise<unknown>

const commands = {
  real: ['supervisord'],
  ours: [process.execPath, main, 'supervisord'],
} as const

/** Starts one of them; it has ended after the test. `programs` may say `%(here)s`. */
export async function startDaemon(t: TestContext, which: keyof typeof commands, programs: string): Promise<Ask> {
  const folder = tempDir(t)
  const port = await freePort()
  const own = ['nodaemon=true', 'logfile=sd.log', 'pidfile=sd.pid', `childlogdir=${folder}`, 'user=root']
  const rpc = 'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface'
  const sections = `[inet_http_server]\nport=127.0.0.1:${port}\n[rpcinterface:supervisor]\n${rpc}\n`
  const users = process.getuid?.() === 0 ? own : own.slice(0, -1)
  writeFileSync(join(folder, 'c.conf'), `[supervisord]\n${users.join('\n')}\n${sections}${programs}`)
  const [file, ...words] = commands[which]
  const child = spawn(file, [...words, '-n', '-s', '-c', 'c.conf'], { cwd: folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const ask = asking(port, folder)
  await waitFor(`${which} supervisord to answer`, () => ask('supervisor.getPID', []), { timeout: 60_000 })
  return ask
}

const asking =
  (port: number, folder: string): Ask =>
  async (method, params) => {
    const body = encodeCall(method, params)
    const response = await fetch(`http://127.0.0.1:${port}/RPC2`, { method: 'POST', body })
    const text = await response.text()
    if (!response.ok) return `HTTP ${response.status}`
    const answer = decodeResponse(text)
    return answer.kind === 'fault' ? `${answer.code} ${placeless(answer.text, folder)}` : timeless(answer.value, folder)
  }

function placeless(text: string, folder: string): string {
  return text
    .replaceAll(folder, 'HERE')
    .replace(/---supervisor-\w{8}\.log/g, '---AUTO')
    .replace(/^pid \d+, uptime .*$/, 'UP')
    .replace(/^\w{3} \d\d \d\d:\d\d [AP]M$/, 'TIME')
}

const instants = ['start', 'stop', 'now', 'pid']

function timeless(value: XmlRpcValue, folder: string): unknown {
  if (typeof value === 'string') return placeless(value, folder)
  if (Array.isArray(value)) return sorted(value.map((item: XmlRpcValue) => timeless(item, folder)))
  if (typeof value !== 'object' || value === null || !isStruct(value)) return value
  const members = Object.entries(value)
  return Object.fromEntries(
    members.map(([name, member]) => [name, instants.includes(name) ? member !== 0 : timeless(member, folder)]),
  )
}

/** Outcomes for many come in the order in which each was known. */
function sorted(items: unknown[]): unknown[] {
  const isOutcome = (item: unknown): item is { group: string; name: string } =>
    typeof item === 'object' && item !== null && 'status' in item
  if (!items.every(isOutcome)) return items
  return items.sort((left, right) => (left.group + left.name < right.group + right.name ? -1 : 1))
}
