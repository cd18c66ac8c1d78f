// One Kafka and one Consul agent for a whole test run, on free ports, with data of their own.
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { atFreePorts, freePorts, PortTaken } from '../support/ports.ts'

export interface Service {
  readonly variable: string
  readonly address: string
  stop(): Promise<void>
}

const here = import.meta.dirname
const run = promisify(execFile)

export async function startKafka(): Promise<Service> {
  const port = await freePorts(5)
  const data = mkdtempSync(join(tmpdir(), 'pidpiper-kafka-'))
  const options = ['--port', String(port), '--data', data]
  const stop = async (): Promise<void> => {
    await run(join(here, 'stop-kafka'), options)
    rmSync(data, { recursive: true, force: true })
  }
  try {
    await script('start-kafka', [...options, '--ready'])
  } catch (cause) {
    await stop()
    throw cause
  }
  return { variable: 'TEST_KAFKA', address: `127.0.0.1:${port}`, stop }
}

/** Where the scripts keep what Consul agents write. */
const agents = join(process.env['TESTBED_HOME'] ?? join(homedir(), '.cache', 'pidpiper-testbed'), 'run')

/** A name for a Consul agent that shows whose it is. */
export const consulName = (word: string): string => `${word}-${process.pid}-${randomUUID().slice(0, 8)}`

/** Ends the Consul agent of that name, if it lives, and removes what it wrote. */
export async function endConsul(name: string): Promise<void> {
  await script('stop-consul', ['--name', name], 'ignore')
  rmSync(join(agents, `${name}-0`), { recursive: true, force: true })
}

/** Ends the Consul agents that were begun, under a `consulName`, by processes that are gone. */
export async function endOrphanedConsuls(): Promise<void> {
  for (const entry of existsSync(agents) ? readdirSync(agents) : []) {
    const [, name, owner] = /^([a-z]+-(\d+)-[0-9a-f]{8})-0$/.exec(entry) ?? []
    if (name !== undefined && !existsSync(`/proc/${owner}`)) await endConsul(name)
  }
}

export async function startConsul(): Promise<Service> {
  await endOrphanedConsuls()
  const name = consulName('test')
  const stop = (): Promise<void> => endConsul(name)
  try {
    const port = await atFreePorts(3, async (port) => {
      await script('start-consul', ['--name', name, '--http-port', String(port), '--session-ttl-min', '1s'])
      return port
    })
    return { variable: 'TEST_CONSUL', address: `http://127.0.0.1:${port}`, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** Of start-consul: the ports are somebody else's. */
const TAKEN = 75

/**
 * Runs a script of this folder to its end; raises PortTaken where it found its ports taken. Stdout and stderr go to the
 * run's own: a service that the script leaves behind must hold no pipe of ours open.
 */
export function script(name: string, args: readonly string[], stdout: 'inherit' | 'ignore' = 'inherit'): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(here, name), args, { stdio: ['ignore', stdout, 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const how = `cannot run ${name}: it ended with ${signal ?? code}; its output is above`
      if (code === 0) resolve()
      else reject(code === TAKEN ? new PortTaken(how) : new Error(how))
    })
  })
}
