// Brokers of the test's own, which it may stop, freeze, kill and start again; gone with their data after the test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { freePorts } from './ports.ts'

/** One broker process. */
export interface OwnBroker {
  /** `host:port`. */
  readonly broker: string
  /** Starts it, or starts it again with the data that it has. Resolves when it answers. */
  start(): Promise<void>
  /** SIGTERM, an orderly end. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing answers. */
  freeze(): void
  thaw(): void
}

export interface OwnKafka extends OwnBroker {
  /** Secured listeners, `host:port` each, and their files; only with `secured`. */
  readonly sasl: string
  readonly saslSsl: string
  readonly ssl: string
  readonly tlsFile: (name: `${'ca' | 'server' | 'client'}.${'pem' | 'key'}`) => string
}

export interface OwnCluster {
  /** Broker ids in a topic's metadata count from 1: id `i` is `nodes[i - 1]`. */
  readonly nodes: readonly [OwnBroker, OwnBroker, OwnBroker]
  /** `host:port,host:port,host:port`. */
  readonly brokers: string
  /** The broker of that id; throws for an id that there is not. */
  node(id: number): OwnBroker
  /** Starts all three. Resolves when each of them knows of all. */
  start(): Promise<void>
}

/**
 * Not started yet: the port is chosen, and nobody listens there. `secured` opens TLS listeners beside the plain one, with
 * and without a login (alice, alice-secret). `settings`: lines of the broker's own properties, given its
 * port; of the secured listeners they may speak too.
 */
export async function ownKafka(
  t: TestContext,
  {
    secured = false,
    settings = () => [],
  }: { secured?: boolean; settings?: (port: number) => readonly string[] | Promise<readonly string[]> } = {},
): Promise<OwnKafka> {
  const port = await freePorts(5)
  const data = newFolder()
  const words = ['--port', String(port), '--data', data, ...(secured ? ['--sasl', '--tls'] : [])]
  words.push(...(await settings(port)).flatMap((line) => ['--set', line]))
  const only = ownBroker(port, data, words)
  t.after(() => removeAll([only], data))
  return {
    ...only,
    sasl: `127.0.0.1:${port + 2}`,
    ssl: `127.0.0.1:${port + 3}`,
    saslSsl: `127.0.0.1:${port + 4}`,
    tlsFile: (name) => join(data, 'tls', name),
  }
}

/**
 * Three brokers that are not started yet. Topics have three replicas unless they say otherwise, of which two must have
 * a record before it is acknowledged; a broker that was killed is noticed within 3 s.
 */
export async function ownCluster(t: TestContext): Promise<OwnCluster> {
  const port = await freePorts(15)
  const data = newFolder()
  const words = ['--port', String(port), '--data', data, '--brokers', '3']
  const broker = (id: number): OwnBroker =>
    ownBroker(port + 5 * (id - 1), join(data, String(id)), [...words, '--node', String(id)])
  const nodes = [broker(1), broker(2), broker(3)] as const
  t.after(() => removeAll(nodes, data))
  return {
    nodes,
    brokers: nodes.map((node) => node.broker).join(','),
    node(id) {
      const found = nodes[id - 1]
      if (found === undefined) throw new Error(`no broker ${id}: there are 1, 2 and 3`)
      return found
    },
    start: () => script('start-kafka', [...words, '--ready']),
  }
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'pidpiper-own-kafka-'))

async function removeAll(nodes: readonly OwnBroker[], data: string): Promise<void> {
  for (const node of nodes) {
    node.thaw()
    await node.kill()
  }
  rmSync(data, { recursive: true, force: true })
}

function ownBroker(port: number, data: string, words: readonly string[]): OwnBroker {
  const pid = (): number => Number(readFileSync(join(data, 'kafka.pid'), 'utf8'))
  let frozen = false
  return {
    broker: `127.0.0.1:${port}`,
    start: () => script('start-kafka', [...words, '--ready']),
    stop: () => script('stop-kafka', ['--data', data]),
    kill: () => script('stop-kafka', ['--data', data, '--kill']),
    freeze() {
      process.kill(pid(), 'SIGSTOP')
      frozen = true
    },
    thaw() {
      if (frozen) process.kill(pid(), 'SIGCONT')
      frozen = false
    },
  }
}

async function script(name: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(import.meta.dirname, '../testbed', name), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`cannot run ${name}: it ended with ${code ?? 'a signal'}; its output is above`)
}
