import { AgentError } from '../domain/errors.ts'

/** The error and its causes, outermost first, as far as our own words; of several addresses that failed the first. */
function chain(error: unknown): Error[] {
  const found: Error[] = []
  let at: unknown = error
  while (at instanceof Error && !found.includes(at)) {
    found.push(at)
    if (at instanceof AgentError) break
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return found
}

/** What was thrown, as an error. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

/** The broker's name of an error, such as `MESSAGE_TOO_LARGE`; else kafkajs's name of it. */
export function errorType(error: unknown): string {
  const errors = chain(error)
  for (const each of errors) if ('type' in each && typeof each.type === 'string') return each.type
  return errors.at(-1)?.name ?? 'unknown'
}

const cures: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'grant the topic to this user',
  GROUP_AUTHORIZATION_FAILED: 'grant the consumer group to this user',
  CLUSTER_AUTHORIZATION_FAILED: 'grant the operation to this user',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'grant WRITE and DESCRIBE on the transactional id to this user',
  INVALID_TRANSACTION_TIMEOUT: "raise the broker's transaction.max.timeout.ms, or lower CHECKPOINT_INTERVAL",
  UNKNOWN_TOPIC_OR_PARTITION: 'create the topic, it is never created by the agent',
  INVALID_TOPIC_EXCEPTION: 'correct the name of the topic',
  INCONSISTENT_GROUP_PROTOCOL: 'other programs use this consumer group, set KAFKA_CONSUMER_GROUP',
  INVALID_SESSION_TIMEOUT: 'set KAFKA_SESSION_TIMEOUT to what the broker allows',
  UNSUPPORTED_SASL_MECHANISM: 'set KAFKA_SASL_MECHANISM to one the broker has',
  UNSUPPORTED_VERSION: 'Kafka 2.5 or newer is needed',
  KafkaJSSASLAuthenticationError: 'check KAFKA_SASL_MECHANISM and the credentials',
}

/** One line for a person: what the innermost error says, and what to do where that is known. */
export function explain(error: unknown): string {
  const innermost = chain(error).at(-1)
  const said =
    innermost instanceof AgentError ? innermost.subject : (innermost?.message.split('\n')[0] ?? String(error))
  const type = errorType(error)
  const cure = cures[type] ?? cures[chain(error).find(({ name }) => name in cures)?.name ?? '']
  return `${said}${type.includes('_') ? ` (${type})` : ''}${cure === undefined ? '' : `: ${cure}`}`
}
