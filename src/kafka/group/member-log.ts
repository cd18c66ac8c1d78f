import type { Fields, Level } from '../../domain/events.ts'
import type { EventName } from '../../domain/log-events.ts'
import { errorType, explain } from '../errors.ts'
import { Problem } from '../problem.ts'
import { offered } from './leader.ts'
import type { GroupMemberSettings } from './settings.ts'
import type { Standing } from './standing.ts'

type MemberLogSettings = Pick<GroupMemberSettings, 'groupId' | 'protocol' | 'groupInstanceId' | 'clock' | 'log'>

/** What the member tells: its log, and the one thing that is wrong with it now. */
export class MemberLog {
  readonly #settings: MemberLogSettings
  readonly #standing: Standing
  readonly #problem: Problem

  constructor(settings: MemberLogSettings, standing: Standing) {
    this.#settings = settings
    this.#standing = standing
    this.#problem = new Problem(settings.clock, settings.log, 'kafka.group')
  }

  /** What is wrong now, for a person; null when nothing is. */
  get problem(): string | null {
    return this.#problem.text
  }

  /** One line of the log, with the group and our generation. */
  tell(level: Level, text: string, event: EventName, fields: Fields = {}): void {
    const { log, groupId } = this.#settings
    log(level, text, { ...fields, event, group: groupId, generation: this.#standing.generation })
  }

  /** `what` went wrong with this consumer group, because of `error`; until `clear`. */
  report(what: string, error: unknown): void {
    const { groupId } = this.#settings
    this.#problem.report(`${what} ${groupId}: ${this.explain(error)}`, 'warn', { group: groupId })
  }

  /** What was reported is over. */
  clear(): void {
    this.#problem.clear()
  }

  /** Longer each time until `clear`, up to 5 s. */
  backOff(signal: AbortSignal): Promise<void> {
    return this.#problem.backOff(signal)
  }

  /** One line: what the coordinator said, and what to do about it. */
  explain(error: unknown): string {
    const { protocol, groupInstanceId } = this.#settings
    switch (errorType(error)) {
      case 'INCONSISTENT_GROUP_PROTOCOL': {
        const other = protocol === 'cooperative' ? 'eager' : 'cooperative'
        const names = offered[protocol].join(' or ')
        return `its members do not use ${names}: set GROUP_PROTOCOL=${other}, or another KAFKA_CONSUMER_GROUP`
      }
      case 'FENCED_INSTANCE_ID':
        return `another process uses GROUP_INSTANCE_ID=${groupInstanceId ?? ''} there: give each replica its own`
      default:
        return explain(error)
    }
  }
}
