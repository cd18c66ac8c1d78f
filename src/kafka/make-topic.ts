import { BrokerError, refuse } from './broker-error.ts'
import type { KafkaCluster } from './cluster.ts'
import { createTopic } from './protocol/create-topic.ts'

const MAX_REPLICAS = 3

/**
 * Makes a topic with the broker's own counts of partitions and replicas, or, where it is too old to choose, one
 * partition with three replicas at most. False: it exists already. Rejects with BrokerError, and as KafkaCluster.send.
 * `onlyTry`: the broker says whether it would, and makes nothing.
 */
export async function makeTopic(cluster: KafkaCluster, topic: string, { onlyTry = false } = {}): Promise<boolean> {
  const { controller, brokers } = await cluster.metadata([])
  const attempt = async (partitions: number, replicas: number): Promise<boolean> => {
    const { error, detail } = await cluster.send(controller, createTopic(topic, partitions, replicas, onlyTry))
    if (error === TOPIC_ALREADY_EXISTS) return false
    refuse(error, detail)
    return true
  }
  try {
    return await attempt(-1, -1)
  } catch (error) {
    if (!(error instanceof BrokerError) || !wantsNumbers.has(error.type)) throw error
    return attempt(1, Math.min(MAX_REPLICAS, brokers.length))
  }
}

const TOPIC_ALREADY_EXISTS = 36
const wantsNumbers: ReadonlySet<string> = new Set([
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'UNSUPPORTED_VERSION',
])
