import { errorType, explain } from '../errors.ts'
import { offered, type GroupProtocol } from './leader.ts'

export interface GroupFacts {
  readonly groupId: string
  readonly protocol: GroupProtocol
  readonly instanceId: string | null
}

/** One line for a person: what the coordinator refused, and what to do about it. */
export function explainForGroup(error: unknown, { groupId, protocol, instanceId }: GroupFacts): string {
  const subject = `cannot join consumer group ${groupId}`
  switch (errorType(error)) {
    case 'INCONSISTENT_GROUP_PROTOCOL': {
      const other = protocol === 'cooperative' ? 'eager' : 'cooperative'
      const names = offered[protocol].join(' or ')
      return `${subject}: its members do not use ${names}: set GROUP_PROTOCOL=${other}, or another KAFKA_CONSUMER_GROUP`
    }
    case 'FENCED_INSTANCE_ID':
      return `${subject}: another process uses GROUP_INSTANCE_ID=${instanceId ?? ''} there: give each replica its own`
    case 'UNSUPPORTED_VERSION':
      return `${subject}: ${explain(error)}: Kafka 2.5 or newer is needed`
    default:
      return `${subject}: ${explain(error)}`
  }
}
