import { outcomeOf } from '../../domain/group/outcomes.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { decodeAssignment } from '../protocol/assignment.ts'
import { encodeSubscription } from '../protocol/subscription.ts'
import { BrokerError } from '../broker-error.ts'
import { explain } from '../errors.ts'
import type { Coordinator } from './coordinator.ts'
import { assignedInGroup } from './describe.ts'
import { lead, offered } from './leader.ts'
import type { PartitionWatch } from './partition-watch.ts'
import { joinGroup, syncGroup, type JoinAnswer } from './requests.ts'
import type { GroupMemberSettings } from './settings.ts'
import type { Standing } from './standing.ts'

export interface RebalanceParts {
  readonly coordinator: Coordinator
  readonly standing: Standing
  readonly watch: PartitionWatch
  readonly rebalanceTimeoutMs: Millis
}

type RebalanceSettings = Pick<GroupMemberSettings, 'topics' | 'protocol' | 'sessionTimeoutMs' | 'log'>

/** What the leader gives to a member. */
export interface Share {
  readonly partitions: readonly TopicPartition[]
  /** It was made for what this static member subscribed to before: only another rebalance gives it what it wants now. */
  readonly outdated: boolean
}

/** The two requests of a rebalance. Both are answered only when the others have done their part. */
export class Rebalance {
  readonly #settings: RebalanceSettings
  readonly #parts: RebalanceParts
  /** A static member took the place of its predecessor, and the group may have gone on as if nothing had happened. */
  #succeeds = false

  constructor(settings: RebalanceSettings, parts: RebalanceParts) {
    this.#settings = settings
    this.#parts = parts
  }

  /**
   * Claims what is owned. Rejects with BrokerError for what the coordinator refuses, and as KafkaCluster.send; a member
   * id that it gives on the way is kept.
   */
  async join(owned: readonly TopicPartition[]): Promise<JoinAnswer> {
    const { coordinator, standing } = this.#parts
    this.#succeeds = standing.instanceId !== null && standing.memberId === ''
    for (let identified = false; ; identified = true) {
      const answer = await coordinator.send(this.#request(owned), ({ error }) => [error], 'joining')
      if (answer.error === 0) return answer
      const refusal = new BrokerError(answer.error)
      if (identified || outcomeOf('join', refusal.type) !== 'identify') throw refusal
      standing.identified(answer.memberId)
    }
  }

  /** Assigns, if we lead, and resolves with what is ours. Rejects as `join`; with AgentError FAILED for what cannot be read. */
  async sync(answer: JoinAnswer): Promise<Share> {
    const { topics, log } = this.#settings
    const { coordinator, standing, watch, rebalanceTimeoutMs } = this.#parts
    const leads = answer.leaderId === answer.memberId
    if (!leads) watch.watchAlso([])
    const assignments = leads ? await lead(answer, watch, log) : []
    const request = syncGroup(standing.identity(), assignments, rebalanceTimeoutMs)
    const given = decodeAssignment((await coordinator.ask(request, 'joining')).assignment)
    const partitions = given.filter(({ topic }) => topics.includes(topic))
    if (this.#succeeds && !leads) return { partitions, outdated: await this.#isOutdated(given) }
    if (partitions.length < given.length) {
      const strange = [...new Set(given.map(({ topic }) => topic))].filter((topic) => !topics.includes(topic))
      const text = `the leader of consumer group ${standing.groupId} gives out topics that nobody asked for`
      log('warn', `${text}: ${strange.join(', ')}: they are left alone`, { event: 'kafka.strange-topics' })
    }
    return { partitions, outdated: false }
  }

  /** The coordinator does not tell whether there was a rebalance, so the members' assignments have to. */
  async #isOutdated(given: readonly TopicPartition[]): Promise<boolean> {
    const { topics, log } = this.#settings
    const { coordinator, standing, watch } = this.#parts
    if (given.some(({ topic }) => !topics.includes(topic))) return true
    try {
      const owned = new Set((await assignedInGroup(coordinator, standing.groupId)).map(nameOf))
      return [...watch.counts(topics)].some(([topic, count]) =>
        Array.from({ length: count }, (_, partition) => nameOf({ topic, partition })).some((each) => !owned.has(each)),
      )
    } catch (error) {
      const text = `cannot see whether consumer group ${standing.groupId} knows the topics of this member`
      log('warn', `${text}: ${explain(error)}`, { event: 'kafka.group-hidden', group: standing.groupId })
      return false
    }
  }

  #request(owned: readonly TopicPartition[]): ReturnType<typeof joinGroup> {
    const { topics, protocol, sessionTimeoutMs } = this.#settings
    const { standing, watch, rebalanceTimeoutMs } = this.#parts
    const { generation } = standing
    const metadata = encodeSubscription({ topics, owned, generation, counts: watch.counts(topics) })
    const protocols = offered[protocol].map((name) => ({ name, metadata }))
    return joinGroup(standing.identity(), { sessionTimeoutMs, rebalanceTimeoutMs, protocols })
  }
}
