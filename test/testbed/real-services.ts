// One Kafka and one Consul agent for a whole test run, on free ports, with data of their own.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../support/ports.ts'

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

export async function startConsul(runId: string): Promise<Service> {
  const port = await freePorts(3)
  const name = `test-${runId.slice(0, 8)}`
  const stop = async (): Promise<void> => {
    await run(join(here, 'stop-consul'), ['--name', name])
    const { stdout } = await run('bash', ['-c', 'echo "${TESTBED_HOME:-$HOME/.cache/pidpiper-testbed}/run"'])
    rmSync(join(stdout.trim(), `${name}-0`), { recursive: true, force: true })
  }
  try {
    await script('start-consul', ['--name', name, '--http-port', String(port), '--session-ttl-min', '1s'])
  } catch (cause) {
    await stop()
    throw cause
  }
  return { variable: 'TEST_CONSUL', address: `http://127.0.0.1:${port}`, stop }
}

// Stdout and stderr go to the run's own: a service that the script leaves behind must hold no pipe of ours open.
function script(name: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(here, name), args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`cannot start: ${name} ended with ${signal ?? code}; its output is above`))
    })
  })
}
