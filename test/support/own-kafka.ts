// A broker of the test's own, which it may stop, freeze, kill and start again; gone with its data after the test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { freePorts } from './ports.ts'

export interface OwnKafka {
  /** `host:port`. */
  readonly broker: string
  /** Secured listeners, `host:port` each, and their files; only with `secured`. */
  readonly saslSsl: string
  readonly ssl: string
  readonly tlsFile: (name: 'ca.pem' | 'client.pem' | 'client.key') => string
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

/**
 * Not started yet: the port is chosen, and nobody listens there. `secured` opens TLS listeners beside the plain one, with
 * and without a login (alice, alice-secret).
 */
export async function ownKafka(t: TestContext, { secured = false } = {}): Promise<OwnKafka> {
  const port = await freePorts(5)
  const data = mkdtempSync(join(tmpdir(), 'pidpiper-own-kafka-'))
  const at = ['--port', String(port), '--data', data]
  const pid = (): number => Number(readFileSync(join(data, 'kafka.pid'), 'utf8'))
  let frozen = false
  const thaw = (): void => {
    if (frozen) process.kill(pid(), 'SIGCONT')
    frozen = false
  }
  t.after(async () => {
    thaw()
    await script('stop-kafka', [...at, '--kill'])
    rmSync(data, { recursive: true, force: true })
  })
  return {
    broker: `127.0.0.1:${port}`,
    ssl: `127.0.0.1:${port + 3}`,
    saslSsl: `127.0.0.1:${port + 4}`,
    tlsFile: (name) => join(data, 'tls', name),
    start: () => script('start-kafka', [...at, '--ready', ...(secured ? ['--sasl', '--tls'] : [])]),
    stop: () => script('stop-kafka', at),
    kill: () => script('stop-kafka', [...at, '--kill']),
    freeze() {
      process.kill(pid(), 'SIGSTOP')
      frozen = true
    },
    thaw,
  }
}

async function script(name: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(import.meta.dirname, '../testbed', name), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`cannot run ${name}: it ended with ${code ?? 'a signal'}; its output is above`)
}
