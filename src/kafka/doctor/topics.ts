// The topics that the agent reads and writes: there, led, and permitted to this login.
import { ok, problem, type Finding } from '../../domain/finding.ts'
import { BrokerError } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { errorType, explain } from '../errors.ts'
import { makeTopic } from '../make-topic.ts'
import { metadata } from '../protocol/metadata.ts'
import {
  may,
  PERMISSIONS_SINCE,
  topicPermissions,
  type Operation,
  type TopicPermissions,
} from '../protocol/permissions.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { ResponseReader } from '../protocol/response-reader.ts'

export interface TopicsWanted {
  readonly input: readonly string[]
  /** Null: none. */
  readonly output: string | null
  readonly letters: string | null
}

const METADATA = 3
const UNKNOWN_TOPIC = 3

/** Rejects as KafkaCluster.send. */
export async function examineTopics(cluster: KafkaCluster, wanted: TopicsWanted): Promise<Finding[]> {
  const { input, output, letters } = wanted
  const others = [output, letters].filter((name) => name !== null)
  const known = await permissionsOf(cluster, [...new Set([...input, ...others])])
  const judged = (role: string, name: string | null, operation: Operation): Finding[] => {
    const facts = name === null ? undefined : known.get(name)
    return facts ? [judgeTopic(`${role} topic ${facts.name}`, facts, operation)] : []
  }
  const lettersFacts = letters === null ? undefined : known.get(letters)
  return [
    ...input.flatMap((name) => judged('input', name, 'READ')),
    ...judged('output', output, 'WRITE'),
    ...(lettersFacts?.error === UNKNOWN_TOPIC
      ? [await tryToMake(cluster, lettersFacts.name)]
      : judged('dead-letter', letters, 'WRITE')),
  ]
}

async function permissionsOf(
  cluster: KafkaCluster,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicPermissions>> {
  if (names.length === 0) return new Map()
  const topics = await cluster.sendToAny((versions) => ask(names, versions[METADATA]?.maxVersion ?? 0))
  return new Map(topics.map((topic) => [topic.name, topic]))
}

/** Brokers before Kafka 2.8 are asked without the permissions: a refusal then shows only when the agent works. */
function ask(names: readonly string[], maxVersion: number): KafkaRequest<readonly TopicPermissions[]> {
  if (maxVersion >= PERMISSIONS_SINCE) return topicPermissions(names)
  const plain = metadata(names, maxVersion)
  const decode = (from: ResponseReader): readonly TopicPermissions[] =>
    [...plain.decode(from).topics].map(([name, topic]) => {
      const { error, partitions } = 'error' in topic ? { ...topic, partitions: [] } : { ...topic, error: 0 }
      const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition)
      return { name, error, partitions: partitions.length, leaderless, permitted: null }
    })
  const { apiKey, apiVersion, apiName, flexible = false } = plain
  return { apiKey, apiVersion, apiName, flexible, encode: (to) => plain.encode(to), decode }
}

function judgeTopic(subject: string, facts: TopicPermissions, operation: Operation): Finding {
  const { name, error, partitions, leaderless, permitted } = facts
  if (error !== 0) {
    const refused = new BrokerError(error)
    const cure =
      refused.type === 'UNKNOWN_TOPIC_OR_PARTITION'
        ? 'create it (the agent never does), or correct its name'
        : refused.type === 'TOPIC_AUTHORIZATION_FAILED'
          ? `grant DESCRIBE and ${operation} on topic ${name} to this login`
          : 'correct the name of the topic'
    return problem('kafka.topic', subject, refusalText(refused), cure)
  }
  if (!may(permitted, operation))
    return problem(
      'kafka.topic',
      subject,
      `this login may not ${operation} it`,
      `grant ${operation} on topic ${name} to this login`,
    )
  if (leaderless.length > 0)
    return problem(
      'kafka.topic',
      subject,
      `no leader for partition ${leaderless.join(', ')}`,
      'start the brokers that have these partitions',
    )
  const count = partitions === 1 ? '1 partition' : `${partitions} partitions`
  return ok(
    'kafka.topic',
    subject,
    permitted === null ? `${count}; the broker does not tell who may use it` : `${count}, ${operation} permitted`,
  )
}

/** Asks the controller whether it would make the topic, and has it make nothing. */
async function tryToMake(cluster: KafkaCluster, name: string): Promise<Finding> {
  const [check, subject] = ['kafka.dead-letters', `dead-letter topic ${name}`] as const
  try {
    await makeTopic(cluster, name, { onlyTry: true })
    return ok(check, subject, 'is not there yet, and can be made when it is needed')
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    const forbidden = /AUTHORIZATION/.test(errorType(error))
    const cure = forbidden
      ? `create it, or grant CREATE, DESCRIBE and WRITE on topic ${name} to this login`
      : 'create it, or set DEAD_LETTER_TOPIC to one that is there'
    return problem(check, subject, `is not there, and cannot be made: ${explain(error)}`, cure)
  }
}

function refusalText({ type, message }: BrokerError): string {
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return `does not exist (${type})`
  return `${message.charAt(0).toLowerCase()}${message.slice(1)} (${type})`
}
