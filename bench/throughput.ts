// One contender, once: from the start of its process until every record is visible in the output topic.
import { setTimeout as pause } from 'node:timers/promises'
import type { Topics } from './broker.ts'
import type { Contender, Streams } from './contender.ts'
import { endedChildrenCpu, type Costs } from './process-tree.ts'
import { Tally } from './records.ts'
import { Running } from './running.ts'

const LOOK_EVERY_MS = 20
const STILL_LIMIT_MS = 60_000

export interface Run {
  readonly seconds: number
  readonly recordsPerSecond: number
  /** From the start of the process until the first record was visible. */
  readonly firstSeconds: number
  /** Between 10 % and 90 % of the records, so without start and end; null where too few looks fell between. */
  readonly steadyPerSecond: number | null
  /** Of the whole life of the contender and its child, its orderly end included. */
  readonly cpuSeconds: number
  /** At the instant the last record was visible; memory peaks are those of the kernel (VmHWM). */
  readonly costs: Costs
  /** Half of the looks saw the agent with less memory than this. */
  readonly medianRssBytes: number
  readonly duplicates: number
}

/** Throws an Error that says what is wrong when a record is missing, is not the one sent, or is not committed. */
export async function measure(
  contender: Contender,
  topics: Topics,
  input: string,
  records: number,
  signal: AbortSignal,
): Promise<Run> {
  const streams = await topics.streams(input)
  const cpuBefore = endedChildrenCpu()
  const looks: Look[] = []
  const start = performance.now()
  const running = new Running(contender.command(streams))
  let seconds: number
  try {
    seconds = (await untilAllVisible(running, topics, streams.output, records, start, looks, signal)) / 1000
  } catch (cause) {
    await running.stop('SIGTERM')
    throw cause
  }
  running.tree.sample()
  const costs = running.tree.costs()
  const ended = await running.stop(contender.endsByItself ? null : 'SIGTERM')
  if (ended !== 'exit code 0') throw new Error(`it ended with ${ended}: ${running.stderr}`)
  const cpuSeconds = endedChildrenCpu() - cpuBefore
  const { duplicates } = await verify(contender, topics, streams, records)
  await topics.delete(streams.output)
  return {
    ...{ seconds, recordsPerSecond: records / seconds, steadyPerSecond: steady(looks, records) },
    firstSeconds: (looks.find(({ count }) => count > 0)?.ms ?? 0) / 1000,
    ...{ cpuSeconds, costs, medianRssBytes: medianRss(looks), duplicates },
  }
}

interface Look {
  readonly ms: number
  readonly count: number
  readonly rssBytes: number
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
  const tally = new Tally(records, contender.output)
  await topics.readAll(streams.output, (value) => tally.add(value))
  const { missing, duplicates, foreign } = tally.verdict()
  if (missing + foreign > 0) {
    throw new Error(`${missing} of ${records} records are missing, ${foreign} values are none of them`)
  }
  const committed = contender.commits ? await topics.committed(streams) : records
  if (committed !== records) throw new Error(`it ended with ${committed ?? 'nothing'} of ${records} committed`)
  return { duplicates }
}

function steady(looks: readonly Look[], records: number): number | null {
  const from = looks.find(({ count }) => count >= records * 0.1)
  const to = looks.findLast(({ count }) => count <= records * 0.9)
  if (from === undefined || to === undefined || to.count - from.count < records * 0.4) return null
  return ((to.count - from.count) / (to.ms - from.ms)) * 1000
}

function medianRss(looks: readonly Look[]): number {
  const sorted = looks.map(({ rssBytes }) => rssBytes).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
