import { errorType, explain } from '../errors.ts'
import { offered, type GroupProtocol } from './leader.ts'

export interface GroupFacts {
  readonly protocol: GroupProtocol
  readonly instanceId: string | null
}

/** One line for a person: what the coordinator said, and what to do about it. */
export function explainForGroup(error: unknown, { protocol, instanceId }: GroupFacts): string {
  switch (errorType(error)) {
    case 'INCONSISTENT_GROUP_PROTOCOL': {
      const other = protocol === 'cooperative' ? 'eager' : 'cooperative'
      const names = offered[protocol].join(' or ')
      return `its members do not use ${names}: set GROUP_PROTOCOL=${other}, or another KAFKA_CONSUMER_GROUP`
    }
    case 'FENCED_INSTANCE_ID':
      return `another process uses GROUP_INSTANCE_ID=${instanceId ?? ''} there: give each replica its own`
    case 'UNSUPPORTED_VERSION':
      return `${explain(error)}: Kafka 2.5 or newer is needed`
    default:
      return explain(error)
  }
}
