// One contender, once: from the start of its process until every record is visible in the output topic.
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../test/support/ports.ts'
import { CheckpointWatch } from './checkpoint-watch.ts'
import type { Contender, Streams, Workload } from './contender.ts'
import { endedChildrenCpu, type Costs } from './process-tree.ts'
import { readAll } from './reading.ts'
import { Tally } from './records.ts'
import { Running } from './running.ts'
import { firstMs, medianRss, steadyWindow, type Look } from './steady.ts'
import type { Topics } from './topics.ts'

const LOOK_EVERY_MS = 20
const STILL_LIMIT_MS = 60_000

export interface Input {
  readonly topic: string
  readonly workload: Workload
  readonly records: number
}

export interface Run {
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  /** From the start of the process until the first record was visible. */
  readonly firstSeconds: number
  /** Between 10 % and 90 % of the records, so without start and end; null where too few looks fell between. */
  readonly steadyPerSecond: number | null
  /** Relay's checkpoints until the last record was visible, and those of them between 10 % and 90 %. */
  readonly checkpoints: { readonly all: number; readonly steady: number } | null
  /** Of the whole life of the contender and its child, its orderly end included. */
  readonly cpuSeconds: number
  /** At the instant the last record was visible; memory peaks are those of the kernel (VmHWM). */
  readonly costs: Costs
  /** Half of the looks saw the agent with less memory than this. */
  readonly medianRssBytes: number
  readonly duplicates: number
}

/** Throws an Error that says what is wrong when a record is missing, is not the one sent, or is not committed. */
export async function measure(contender: Contender, topics: Topics, input: Input, signal: AbortSignal): Promise<Run> {
  const { topic, workload, records } = input
  const http = contender.countsCheckpoints ? `127.0.0.1:${await freePort()}` : null
  const streams = await topics.streams(topic, workload, http)
  const command = contender.command(streams)
  const cpuBefore = endedChildrenCpu()
  const looks: Look[] = []
  const start = performance.now()
  const running = new Running(command)
  const watch = http === null ? null : new CheckpointWatch(http, start)
  let seconds: number
  try {
    seconds = (await untilAllVisible(running, topics, streams.output, records, start, looks, signal)) / 1000
  } catch (cause) {
    await running.stop('SIGTERM')
    throw cause
  } finally {
    await watch?.stop()
  }
  running.tree.sample()
  const costs = running.tree.costs()
  const ended = await running.stop(contender.endsByItself ? null : 'SIGTERM')
  if (ended !== 'exit code 0') throw new Error(`it ended with ${ended}: ${running.stderr}`)
  const cpuSeconds = endedChildrenCpu() - cpuBefore
  const { duplicates } = await verify(contender, topics, streams, records)
  await topics.delete(streams.output)
  const steady = steadyWindow(looks, records)
  return {
    ...{ records, seconds, recordsPerSecond: records / seconds, steadyPerSecond: steady?.perSecond ?? null },
    firstSeconds: firstMs(looks) / 1000,
    checkpoints: watch && {
      all: watch.between(0, seconds * 1000),
      steady: steady ? watch.between(steady.fromMs, steady.toMs) : 0,
    },
    ...{ cpuSeconds, costs, medianRssBytes: medianRss(looks), duplicates },
  }
}

/** @returns ms since `start` */
async function untilAllVisible(
  running: Running,
  topics: Topics,
  output: string,
  records: number,
  start: number,
  looks: Look[],
  signal: AbortSignal,
): Promise<number> {
  let count = 0
  let grownAt = start
  for (;;) {
    signal.throwIfAborted()
    running.tree.sample()
    // Asked before the count: what a process that has ended wrote is all counted.
    const ended = running.ended
    const found = await topics.count(output)
    const now = performance.now()
    if (found > count) grownAt = now
    count = found
    looks.push({ ms: now - start, count, rssBytes: running.tree.costs().agent.rssBytes })
    if (count >= records) return now - start
    if (ended !== null) throw new Error(`it ended (${ended}) with ${count} of ${records} records: ${running.stderr}`)
    if (now - grownAt > STILL_LIMIT_MS) {
      throw new Error(`no record for ${STILL_LIMIT_MS / 1000} s, ${count} of ${records} came: ${running.stderr}`)
    }
    await pause(LOOK_EVERY_MS)
  }
}

async function verify(
  contender: Contender,
  topics: Topics,
  streams: Streams,
  records: number,
): Promise<{ duplicates: number }> {
  const tally = new Tally(records, streams.workload.bytes, contender.output)
  await readAll(topics, streams.output, (value) => tally.add(value))
  const { missing, duplicates, foreign } = tally.verdict()
  if (missing + foreign > 0) {
    throw new Error(`${missing} of ${records} records are missing, ${foreign} values are none of them`)
  }
  const committed = contender.commits ? await topics.committed(streams) : records
  if (committed !== records) throw new Error(`it ended with ${committed} of ${records} committed`)
  return { duplicates }
}
