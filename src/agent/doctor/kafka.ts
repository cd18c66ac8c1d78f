import type { Config } from '../../config/config.ts'
import { ok, warning, type Finding } from '../../domain/finding.ts'
import { deadLetterTopicOf } from '../../domain/stream/change-class.ts'
import type { StreamSettings } from '../../domain/stream/settings.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { examineBrokers } from '../../kafka/doctor/brokers.ts'
import { examineGroup, examineProducer } from '../../kafka/doctor/group.ts'
import { examineClientCertificate } from '../../kafka/doctor/handshake.ts'
import { examineTopics } from '../../kafka/doctor/topics.ts'
import { clientIdOf, transactionalIdOf } from '../names.ts'
import { withLimit } from './limit.ts'

/** Brokers, topics, group and producer; `settings` say which topics. */
export async function examineKafka(
  config: Config,
  settings: StreamSettings,
  clock: Clock,
  limit: Millis,
): Promise<Finding[]> {
  const { kafka, input, output } = config
  if (kafka === null) return [ok('kafka.broker', 'Kafka', 'not used: --in and --out take its place')]
  const clientId = clientIdOf(config)
  const transactional = config.rules.delivery === 'exactly-once'
  const options = { brokers: kafka.brokers, tls: kafka.tls, sasl: kafka.sasl, clientId }
  const own = kafka.tls ? examineClientCertificate(kafka.tls, clock) : []
  const opened: { close(): void }[] = []
  const look = async (add: (findings: readonly Finding[]) => void): Promise<void> => {
    const { findings, cluster } = await examineBrokers(options, transactional, clock)
    add(findings)
    if (cluster === null) {
      add([warning('kafka.topic', 'topics, consumer group and producer', 'not looked at: no broker can be used', '')])
      return
    }
    opened.push(cluster)
    const writes = output.kind === 'kafka'
    const reads = input.kind === 'kafka' && settings.protocol !== 'source'
    const topics = {
      input: reads ? settings.inputTopics : [],
      output: writes ? settings.outputTopic : null,
      letters: writes ? deadLetterTopicOf(settings) : null,
    }
    const group = { groupId: kafka.groupId, protocol: kafka.groupProtocol, instanceId: kafka.groupInstanceId, clientId }
    add(await examineTopics(cluster, topics))
    if (reads) add(await examineGroup(cluster, group, clock))
    if (writes) add(await examineProducer(cluster, transactional ? transactionalIdOf(config) : null, clock))
  }
  try {
    const findings = await withLimit('kafka.broker', `Kafka at ${kafka.brokers.join(', ')}`, { clock, limit }, look)
    return [...own, ...findings]
  } finally {
    for (const cluster of opened) cluster.close()
  }
}
