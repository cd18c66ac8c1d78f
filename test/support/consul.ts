// A Consul agent as tests see it: plain fetch, so that the client under test is not its own judge.
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { ConsulOptions } from '../../src/consul/calls.ts'
import { ConsulClient } from '../../src/consul/client.ts'
import { consulAddress } from '../testbed/address.ts'
import { consulName, endConsul, script } from '../testbed/real-services.ts'
import { atFreePorts } from './ports.ts'

export interface TestConsul {
  /** `http://host:port`. */
  readonly base: string
  /** For its ConsulClient. */
  readonly options: ConsulOptions
}

export interface OwnConsul extends TestConsul {
  /** SIGKILL; a dev agent has lost everything afterwards. */
  kill(): Promise<void>
  /** Starts it again at the same port. */
  start(): Promise<void>
}

export interface CheckAsShown {
  readonly Name: string
  readonly Status: string
  readonly Output: string
}

export interface ServiceAsShown {
  readonly ID: string
  readonly Service: string
  readonly Address: string
  readonly Port: number
  readonly Tags: readonly string[]
  readonly Meta: Readonly<Record<string, string>>
}

export const unique = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`

/** The agent that test/run.ts started. */
export const sharedConsul = (): TestConsul => consulAt(consulAddress())

export function consulAt(base: string, token?: string): TestConsul {
  const { hostname, port } = new URL(base)
  return { base, options: { host: hostname, port: Number(port), secure: false, ...(token ? { token } : {}) } }
}

export function clientOf(t: TestContext, { options }: TestConsul, more: Partial<ConsulOptions> = {}): ConsulClient {
  const client = new ConsulClient({ ...options, ...more })
  t.after(() => client.close())
  return client
}

async function ask({ base, options }: TestConsul, method: string, path: string, body?: string): Promise<Response> {
  const headers = options.token ? { 'x-consul-token': options.token } : undefined
  const response = await fetch(`${base}/v1/${path}`, {
    method,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  })
  if (!response.ok && response.status !== 404) throw new Error(`${method} ${path}: ${response.status}`)
  return response
}

export async function putKey(consul: TestConsul, key: string, value: string): Promise<void> {
  await (await ask(consul, 'PUT', `kv/${key}`, value)).text()
}

export async function deleteKey(consul: TestConsul, key: string): Promise<void> {
  await (await ask(consul, 'DELETE', `kv/${key}`)).text()
}

/** ModifyIndex of a key, or null. */
export async function modifyIndex(consul: TestConsul, key: string): Promise<number | null> {
  const response = await ask(consul, 'GET', `kv/${key}`)
  const text = await response.text()
  return response.status === 404 ? null : ((JSON.parse(text) as { ModifyIndex: number }[])[0]?.ModifyIndex ?? null)
}

/** The instances of a service in the catalog of the agent, by id. */
export async function servicesNamed(consul: TestConsul, name: string): Promise<readonly ServiceAsShown[]> {
  const services = (await (await ask(consul, 'GET', 'agent/services')).json()) as Record<string, ServiceAsShown>
  return Object.values(services).filter((service) => service.Service === name)
}

/** The checks of a service, by their names. */
export async function checksOf(consul: TestConsul, serviceName: string): Promise<Record<string, CheckAsShown>> {
  const checks = (await (await ask(consul, 'GET', `agent/checks`)).json()) as Record<
    string,
    CheckAsShown & { ServiceName: string }
  >
  const own = Object.values(checks).filter((check) => check.ServiceName === serviceName)
  return Object.fromEntries(own.map((check) => [check.Name, check]))
}

export async function deregister(consul: TestConsul, id: string): Promise<void> {
  await (await ask(consul, 'PUT', `agent/service/deregister/${encodeURIComponent(id)}`)).text()
}

/** An agent of the test's own, which it may kill and start again; gone after the test. With `acl`, a token of all rights. */
export async function startOwnConsul(
  t: TestContext,
  { acl, persist = false }: { acl?: string; persist?: boolean } = {},
): Promise<OwnConsul> {
  const name = consulName('own')
  const startAt = (port: number): Promise<void> => {
    const words = ['--name', name, '--http-port', String(port)]
    return script(
      'start-consul',
      [...words, ...(acl ? ['--acl', acl] : []), ...(persist ? ['--persist'] : [])],
      'ignore',
    )
  }
  t.after(() => endConsul(name))
  const port = await atFreePorts(3, async (first) => {
    await startAt(first)
    return first
  })
  return {
    ...consulAt(`http://127.0.0.1:${port}`, acl),
    start: () => startAt(port),
    kill: () => script('stop-consul', ['--name', name, '--kill'], 'ignore'),
  }
}
