import { refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import { findCoordinator, type Answer, type CoordinatorKind } from './requests.ts'

/** What membership needs of a KafkaCluster. */
export type GroupCluster = Pick<KafkaCluster, 'send' | 'sendToAny' | 'metadata'>

export interface GroupClusters {
  /** Carries only JoinGroup and SyncGroup: a broker answers one connection in order, and these may be parked. */
  readonly joining: GroupCluster
  /** Carries everything else. */
  readonly talking: GroupCluster
}

/** The broker said that it is not, or not yet, the coordinator. */
const ELSEWHERE: ReadonlySet<number> = new Set([15, 16])

/**
 * The broker that keeps a consumer group, or the transactions of one transactional id: looked for when it is first
 * needed, and again after it failed.
 */
export class Coordinator {
  readonly #clusters: GroupClusters
  readonly #key: string
  readonly #kind: CoordinatorKind
  #node: Promise<number> | null = null

  constructor(clusters: GroupClusters, key: string, kind: CoordinatorKind = 'group') {
    this.#clusters = clusters
    this.#key = key
    this.#kind = kind
  }

  /** Rejects with BrokerError for what the coordinator refuses, and as KafkaCluster.send. */
  async ask<T extends Answer>(request: KafkaRequest<T>, over: keyof GroupClusters = 'talking'): Promise<T> {
    const answer = await this.send(request, ({ error }) => [error], over)
    refuse(answer.error)
    return answer
  }

  /** As `ask`, but gives back an answer with errors. `errorsOf`: where they are in it. */
  async send<T>(
    request: KafkaRequest<T>,
    errorsOf: (answer: T) => readonly number[],
    over: keyof GroupClusters = 'talking',
  ): Promise<T> {
    const finding = (this.#node ??= this.#find())
    try {
      const answer = await this.#clusters[over].send(await finding, request)
      if (errorsOf(answer).some((error) => ELSEWHERE.has(error))) this.#forget(finding)
      return answer
    } catch (error) {
      this.#forget(finding)
      throw error
    }
  }

  #forget(finding: Promise<number>): void {
    if (this.#node === finding) this.#node = null
  }

  async #find(): Promise<number> {
    const { error, detail, node } = await this.#clusters.talking.sendToAny(findCoordinator(this.#key, this.#kind))
    refuse(error, detail)
    return node
  }
}
