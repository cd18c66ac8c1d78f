// What an agent without work holds: joined to its consumer group, Calculator running, nothing to read.
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../test/support/ports.ts'
import { waitFor } from '../test/support/wait-for.ts'
import type { Topics } from './broker.ts'
import { agentCommand } from './contenders/pidpiper.ts'
import { Running } from './running.ts'

/** Long enough for what only the start needed to be given back. */
const SETTLE_MS = 3_000
const READY_LIMIT_MS = 60_000

export interface IdleMemory {
  readonly agentBytes: number
  readonly withChildBytes: number
  readonly agentPeakBytes: number
  /** CPU seconds until it was ready, its start included. */
  readonly cpuUntilReady: number
  /** CPU per second of wall clock while it had nothing to do. */
  readonly idleCpu: number
}

export async function measureIdle(topics: Topics, signal: AbortSignal): Promise<IdleMemory> {
  const streams = await topics.streams(await topics.create('idle'))
  const http = `127.0.0.1:${await freePort()}`
  const running = new Running(agentCommand(streams, { HTTP_LISTEN: http }))
  const ready = async (): Promise<boolean> => (await fetch(`http://${http}/readyz`)).ok
  try {
    await waitFor(`a ready agent at ${http}`, ready, { timeout: READY_LIMIT_MS, every: 50 })
    running.tree.sample()
    const before = running.tree.costs().agent
    const start = performance.now()
    await pause(SETTLE_MS, undefined, { signal })
    running.tree.sample()
    const { agent, withChild } = running.tree.costs()
    return {
      agentBytes: agent.rssBytes,
      withChildBytes: withChild.rssBytes,
      agentPeakBytes: agent.peakBytes,
      cpuUntilReady: before.cpuSeconds,
      idleCpu: ((agent.cpuSeconds - before.cpuSeconds) / (performance.now() - start)) * 1000,
    }
  } finally {
    await running.stop('SIGTERM')
  }
}
