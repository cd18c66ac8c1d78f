// An agent that carries as much as it can: is its event loop free enough for timers and probes? The lag is measured by
// a preloaded probe (so the sources run, not the binary), and in the same way in an idle Node beside it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../test/support/ports.ts'
import { waitFor } from '../test/support/wait-for.ts'
import { agentCommand, sourceWords } from './contenders/pidpiper.ts'
import { Running } from './running.ts'
import { percentiles, type Percentiles } from './statistics.ts'
import type { Input } from './throughput.ts'
import type { Topics } from './topics.ts'

const probe = join(import.meta.dirname, 'loop-probe.ts')
const ASK_EVERY_MS = 50
const LIMIT_MS = 600_000

export interface Loaded {
  /** Lag of the event loop, ms, at a resolution of 1 ms. */
  readonly agent: Percentiles
  readonly idleNode: Percentiles
  /** What the agent's own metric says, s by quantile. */
  readonly ownMetric: Readonly<Record<string, number>>
  /** Ms until /status was answered whole. */
  readonly status: Percentiles | null
}

export async function measureLoaded(topics: Topics, input: Input, signal: AbortSignal): Promise<Loaded> {
  const http = `127.0.0.1:${await freePort()}`
  const streams = await topics.streams(input.topic, input.workload, http)
  const folder = mkdtempSync(join(tmpdir(), 'pidpiper-bench-'))
  const files = { agent: join(folder, 'agent'), idle: join(folder, 'idle') }
  const agent = new Running(agentCommand(streams, { LOOP_PROBE_FILE: files.agent }, sourceWords(probe)))
  const idle = new Running({
    words: [process.execPath, '--import', probe, '-e', 'setInterval(() => undefined, 1000)'],
    env: { LOOP_PROBE_FILE: files.idle },
  })
  const report = async (): Promise<[Percentiles, Percentiles]> => {
    process.kill(agent.pid, 'SIGUSR2')
    process.kill(idle.pid, 'SIGUSR2')
    return [await taken(files.agent), await taken(files.idle)]
  }
  try {
    const reached = (count: number): Promise<unknown> =>
      waitFor(`${count} records`, async () => signal.aborted || (await topics.count(streams.output)) >= count, {
        ...{ timeout: LIMIT_MS, every: 50 },
      })
    await reached(input.records * 0.1)
    await report()
    const over = new AbortController()
    const asking = askAgain(`http://${http}/status`, over.signal)
    await reached(input.records * 0.9)
    const [ofAgent, ofIdle] = await report()
    over.abort()
    const ownMetric = lagMetric(await (await fetch(`http://${http}/metrics`)).text())
    signal.throwIfAborted()
    return { agent: ofAgent, idleNode: ofIdle, ownMetric, status: percentiles(await asking) }
  } finally {
    await Promise.all([agent.stop('SIGTERM'), idle.stop('SIGTERM')])
    await topics.delete(streams.output)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function taken(file: string): Promise<Percentiles> {
  await waitFor(`the probe's ${file}`, () => existsSync(file))
  const seen = JSON.parse(readFileSync(file, 'utf8')) as Percentiles
  rmSync(file)
  return seen
}

async function askAgain(url: string, signal: AbortSignal): Promise<number[]> {
  const took: number[] = []
  while (!signal.aborted) {
    const start = performance.now()
    await (await fetch(url)).text()
    took.push(performance.now() - start)
    await pause(ASK_EVERY_MS)
  }
  return took
}

const lagMetric = (metrics: string): Record<string, number> =>
  Object.fromEntries(
    [...metrics.matchAll(/^pidpiper_event_loop_lag_seconds\{quantile="([\d.]+)"\} (\S+)$/gm)].map(
      ([, quantile = '', value]) => [quantile, Number(value)],
    ),
  )
