import { outcomeOf } from '../../domain/group/outcomes.ts'
import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { decodeAssignment } from '../../wire/group-protocol/assignment.ts'
import { encodeSubscription } from '../../wire/group-protocol/subscription.ts'
import { BrokerError } from '../broker-error.ts'
import type { Coordinator } from './coordinator.ts'
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

/** The two requests of a rebalance. Both are answered only when the others have done their part. */
export class Rebalance {
  readonly #settings: RebalanceSettings
  readonly #parts: RebalanceParts

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
    for (let identified = false; ; identified = true) {
      const answer = await coordinator.send(this.#request(owned), ({ error }) => [error], 'joining')
      if (answer.error === 0) return answer
      const refusal = new BrokerError(answer.error)
      if (identified || outcomeOf('join', refusal.type) !== 'identify') throw refusal
      standing.identified(answer.memberId)
    }
  }

  /** Assigns, if we lead, and resolves with what is ours. Rejects as `join`; with AgentError FAILED for what cannot be read. */
  async sync(answer: JoinAnswer): Promise<TopicPartition[]> {
    const { coordinator, standing, watch, rebalanceTimeoutMs } = this.#parts
    const leads = answer.leaderId === answer.memberId
    if (!leads) watch.watchAlso([])
    const assignments = leads ? await lead(answer, watch, this.#settings.log) : []
    const request = syncGroup(standing.identity(), assignments, rebalanceTimeoutMs)
    return decodeAssignment((await coordinator.ask(request, 'joining')).assignment)
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
