// How long a stream stands still when its Calculator is killed: from SIGKILL until a record sent right after it has
// come back as an output record. The same way without a kill is measured in between, for comparison.
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Workload } from './contender.ts'
import { agentCommand } from './contenders/pidpiper.ts'
import { Running } from './running.ts'
import { spread, type Spread } from './statistics.ts'
import type { Topics } from './topics.ts'

const PATIENCE_MS = 60_000
const workload: Workload = { bytes: 100, partitions: 1, compression: 'none' }

export interface Restarts {
  readonly protocol: string
  readonly kills: number
  /** Ms from the kill to the answer. */
  readonly afterKill: Spread | null
  /** Ms from sending to the answer, with the Calculator alive. */
  readonly undisturbed: Spread | null
}

export async function measureRestarts(
  protocol: 'relay' | 'one-to-one',
  topics: Topics,
  kills: number,
  signal: AbortSignal,
): Promise<Restarts> {
  const streams = await topics.streams(await topics.create('restart', 1), workload)
  const arrivals = new Map<string, () => void>()
  const { kafka } = topics
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  const consumer = kafka.consumer({ groupId: topics.group(), maxWaitTimeInMs: 1_000 })
  const running = new Running(agentCommand(streams, { PROTOCOL: protocol }))
  const roundTrip = async (value: string, since: number): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    arrivals.set(value, () => resolve(undefined))
    await producer.send({ topic: streams.input, messages: [{ value }], acks: -1 })
    await Promise.race([promise, silence(running, value, signal)])
    arrivals.delete(value)
    return performance.now() - since
  }
  try {
    await producer.connect()
    await consumer.connect()
    await consumer.subscribe({ topics: [streams.output], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => {
        arrivals.get(String(message.value))?.()
        return Promise.resolve()
      },
    })
    await roundTrip('first', performance.now())
    const undisturbed: number[] = []
    const afterKill: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      undisturbed.push(await roundTrip(`undisturbed ${kill}`, performance.now()))
      const [calculator] = running.tree.children('cat')
      if (calculator === undefined) throw new Error(`the agent has no Calculator: ${running.stderr}`)
      const since = performance.now()
      process.kill(calculator, 'SIGKILL')
      afterKill.push(await roundTrip(`after kill ${kill}`, since))
    }
    return { protocol, kills, afterKill: spread(afterKill), undisturbed: spread(undisturbed) }
  } finally {
    await running.stop('SIGTERM')
    await producer.disconnect()
    await consumer.disconnect()
  }
}

/** Rejects when the agent ends, when the benchmark is interrupted, or when nothing came for a minute. */
async function silence(running: Running, value: string, signal: AbortSignal): Promise<never> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  while (running.ended === null && !patience.aborted && !signal.aborted) await pause(50)
  throw new Error(`record "${value}" did not come back (${running.ended ?? 'the agent runs'}): ${running.stderr}`)
}
