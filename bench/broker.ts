// The broker that all contenders share: the one at TEST_KAFKA, or one of our own with fresh data on free ports.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { freePorts } from '../test/support/ports.ts'
import { missingTools } from '../test/testbed/tools.ts'

// Gigabytes of deleted output shall not stay for a minute.
const SETTINGS = ['--set', 'log.segment.delete.delay.ms=1000']

export interface Broker {
  /** `host:port`. */
  readonly address: string
  stop(): Promise<void>
}

export async function startBroker(): Promise<Broker> {
  const given = process.env['TEST_KAFKA']
  if (given !== undefined) return { address: given, stop: () => Promise.resolve() }
  const missing = missingTools('kafka')
  if (missing.length > 0) {
    throw new Error(`cannot start Kafka: install ${missing.join('; ')}; or set TEST_KAFKA=host:port`)
  }
  const port = await freePorts(2)
  const data = mkdtempSync(join(tmpdir(), 'pidpiper-bench-'))
  const at = ['--port', String(port), '--data', data]
  const stop = async (): Promise<void> => {
    await script('stop-kafka', at)
    rmSync(data, { recursive: true, force: true })
  }
  try {
    await script('start-kafka', [...at, ...SETTINGS, '--ready'])
  } catch (cause) {
    await stop()
    throw cause
  }
  return { address: `127.0.0.1:${port}`, stop }
}

/** Its stdout would stand between the results: they are for machines too. */
async function script(name: string, args: readonly string[]): Promise<void> {
  const path = join(import.meta.dirname, '../test/testbed', name)
  // A session of its own: an interrupt from the terminal is ours to answer, and stop-kafka must still run then.
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`cannot run ${name}: it ended with ${code ?? 'a signal'}; its output is above`)
}
