// The topics that the agent reads and writes: there, led, and permitted to this login.
import { ok, problem, type Finding } from '../../domain/finding.ts'
import { BrokerError } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { errorType, explain } from '../errors.ts'
import { makeTopic } from '../make-topic.ts'
import { metadata, type ClusterFacts, type TopicAnswer } from '../protocol/metadata.ts'
import { may, type Operation } from '../protocol/permissions.ts'

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
  const known = await lookAt(cluster, [...new Set([...input, ...others])])
  const judged = (role: string, name: string | null, operation: Operation): Finding[] => {
    const facts = name === null ? undefined : known.get(name)
    return name !== null && facts ? [judgeTopic(role, name, facts, operation)] : []
  }
  return [
    ...input.flatMap((name) => judged('input', name, 'READ')),
    ...judged('output', output, 'WRITE'),
    ...(letters !== null && isMissing(known.get(letters))
      ? [await tryToMake(cluster, letters)]
      : judged('dead-letter', letters, 'WRITE')),
  ]
}

/** Brokers before Kafka 2.8 tell no permissions: a refusal then shows only when the agent works. */
async function lookAt(cluster: KafkaCluster, names: readonly string[]): Promise<ClusterFacts['topics']> {
  if (names.length === 0) return new Map()
  return (await cluster.sendToAny((versions) => metadata(names, versions[METADATA]?.maxVersion ?? 0, true))).topics
}

const isMissing = (facts: TopicAnswer | undefined): boolean =>
  facts !== undefined && 'error' in facts && facts.error === UNKNOWN_TOPIC

function judgeTopic(role: string, name: string, facts: TopicAnswer, operation: Operation): Finding {
  const subject = `${role} topic ${name}`
  if ('error' in facts) {
    const refused = new BrokerError(facts.error)
    const cure =
      refused.type === 'UNKNOWN_TOPIC_OR_PARTITION'
        ? 'create it (the agent never does), or correct its name'
        : refused.type === 'TOPIC_AUTHORIZATION_FAILED'
          ? `grant DESCRIBE and ${operation} on topic ${name} to this login`
          : 'correct the name of the topic'
    return problem('kafka.topic', subject, refusalText(refused), cure)
  }
  const { partitions, permitted = null } = facts
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition)
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
  const count = partitions.length === 1 ? '1 partition' : `${partitions.length} partitions`
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
