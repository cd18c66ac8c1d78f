// Every broker of KAFKA_DSN, and every broker that these name: reached, trusted, logged in to, new enough.
import { ok, problem, type Finding } from '../../domain/finding.ts'
import type { Clock } from '../../engine/ports.ts'
import { addressOf, type KafkaCluster } from '../cluster.ts'
import { explain } from '../errors.ts'
import { createCluster, type KafkaOptions } from '../options.ts'
import { connectionCure } from './cures.ts'
import { examineCertificate } from './handshake.ts'
import { judgeVersions } from './versions.ts'

export interface BrokersSeen {
  readonly findings: readonly Finding[]
  /** Over the brokers that answered, to be closed; null where none did. */
  readonly cluster: KafkaCluster | null
}

/** Never rejects. `transactional`: DELIVERY=exactly-once. */
export async function examineBrokers(
  options: KafkaOptions,
  transactional: boolean,
  clock: Clock,
): Promise<BrokersSeen> {
  const seeds = await Promise.all(options.brokers.map((seed) => examineSeed(seed, options, clock)))
  const findings = seeds.flatMap((seed) => seed.findings)
  const answering = seeds.filter(({ answers }) => answers).map(({ seed }) => seed)
  if (answering.length === 0) return { findings, cluster: null }
  const cluster = createCluster({ ...options, brokers: answering }, () => undefined, clock)
  return { findings: [...findings, ...(await examineMembers(cluster, options, transactional))], cluster }
}

interface Seed {
  readonly seed: string
  readonly answers: boolean
  readonly findings: readonly Finding[]
}

async function examineSeed(seed: string, options: KafkaOptions, clock: Clock): Promise<Seed> {
  const subject = `broker ${seed}`
  const certificate = options.tls ? await examineCertificate(addressOf(seed), options.tls, clock) : []
  const cluster = createCluster({ ...options, brokers: [seed] }, () => undefined, clock)
  try {
    await cluster.metadata([])
    const how = [options.tls ? 'TLS' : 'no TLS', options.sasl ? `logged in by ${options.sasl.mechanism}` : 'no login']
    const found = ok('kafka.broker', subject, `answers (${how.join(', ')})`)
    return { seed, answers: true, findings: [found, ...certificate] }
  } catch (error) {
    const found = problem('kafka.broker', subject, `cannot be used: ${explain(error)}`, connectionCure(error, options))
    return { seed, answers: false, findings: [found, ...certificate] }
  } finally {
    cluster.close()
  }
}

/** The brokers as they name themselves: an address that only they can reach is a common fault. */
async function examineMembers(
  cluster: KafkaCluster,
  options: KafkaOptions,
  transactional: boolean,
): Promise<readonly Finding[]> {
  const { brokers } = await cluster.metadata([])
  const all = brokers.map(async ({ node, host, port }): Promise<Finding[]> => {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const subject = `broker ${address}`
    try {
      const { versions } = await cluster.connect(node)
      const known = options.brokers.includes(address)
      const reached = ok('kafka.advertised', subject, `reached at the address it gives clients (node ${node})`)
      return [...(known ? [] : [reached]), judgeVersions(subject, versions, transactional)]
    } catch (error) {
      const seen = `node ${node} gives clients this address, which cannot be used: ${explain(error)}`
      const cure = `let ${address} be reached from here, or set the broker's advertised.listeners`
      return [problem('kafka.advertised', subject, seen, cure)]
    }
  })
  return (await Promise.all(all)).flat()
}
