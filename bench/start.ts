// From the start of the process until it is ready, and what an agent without work then holds: joined to its consumer
// group, Calculator running, nothing to read.
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../test/support/ports.ts'
import { waitFor } from '../test/support/wait-for.ts'
import type { Workload } from './contender.ts'
import { agentCommand } from './contenders/pidpiper.ts'
import { Running } from './running.ts'
import type { Topics } from './topics.ts'

/** Long enough for what only the start needed to be given back. */
const SETTLE_MS = 3_000
const READY_LIMIT_MS = 60_000
const workload: Workload = { bytes: 100, partitions: 1, compression: 'none' }

export interface Start {
  readonly readySeconds: number
  readonly agentBytes: number
  readonly withChildBytes: number
  readonly agentPeakBytes: number
  /** CPU seconds until it was ready, its start included. */
  readonly cpuUntilReady: number
  /** CPU per second of wall clock while it had nothing to do. */
  readonly idleCpu: number
}

export async function measureStart(topics: Topics, signal: AbortSignal): Promise<Start> {
  const http = `127.0.0.1:${await freePort()}`
  const streams = await topics.streams(await topics.create('idle', 1), workload, http)
  const began = performance.now()
  const running = new Running(agentCommand(streams))
  const ready = async (): Promise<boolean> => (await fetch(`http://${http}/readyz`)).ok
  try {
    await waitFor(`a ready agent at ${http}`, ready, { timeout: READY_LIMIT_MS, every: 10 })
    const readyAt = performance.now()
    running.tree.sample()
    const before = running.tree.costs().agent
    await pause(SETTLE_MS, undefined, { signal })
    running.tree.sample()
    const { agent, withChild } = running.tree.costs()
    return {
      readySeconds: (readyAt - began) / 1000,
      agentBytes: agent.rssBytes,
      withChildBytes: withChild.rssBytes,
      agentPeakBytes: agent.peakBytes,
      cpuUntilReady: before.cpuSeconds,
      idleCpu: ((agent.cpuSeconds - before.cpuSeconds) / (performance.now() - readyAt)) * 1000,
    }
  } finally {
    await running.stop('SIGTERM')
  }
}
