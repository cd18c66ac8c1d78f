// When all of a topic can be read by those who read what is committed.
import { offsetsAt } from '../../src/kafka/offset-lookup.ts'
import { createCluster } from '../../src/kafka/options.ts'
import { LATEST } from '../../src/kafka/protocol/list-offsets.ts'
import { Topics } from '../../src/kafka/topics.ts'
import { systemClock } from '../../src/os/clock.ts'
import { waitFor } from './wait-for.ts'

/**
 * Resolves when no transaction is open in the topic: one that a killed agent left there goes with its timeout, or when
 * an agent of the same name begins. kafkajs would take the records before it for all there are.
 */
export async function readable(broker: string, topic: string, timeout = 90_000): Promise<void> {
  const options = { brokers: [broker], clientId: 'test', tls: false as const, sasl: null }
  const cluster = createCluster(options, () => undefined, systemClock)
  const topics = new Topics(cluster, [topic])
  try {
    await topics.refresh()
    const partitions = (topics.find(topic)?.partitions ?? []).map(({ partition }) => ({ topic, partition }))
    await waitFor(
      `no open transaction in ${topic}`,
      async () => {
        const [ends, stable] = [
          await offsetsAt(cluster, topics, partitions, LATEST),
          await offsetsAt(cluster, topics, partitions, LATEST, true),
        ]
        return [...ends].every(([name, end]) => stable.get(name) === end)
      },
      { timeout, every: 200 },
    )
  } finally {
    cluster.close()
  }
}
