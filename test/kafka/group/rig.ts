// What the tests of this folder share: members on the real broker, and what their owners were told.
import type { TestContext } from 'node:test'
import type { TopicPartition } from '../../../src/domain/stream/line-batch.ts'
import type { KafkaCluster } from '../../../src/kafka/cluster.ts'
import type { GroupCluster } from '../../../src/kafka/group/coordinator.ts'
import { GroupMember } from '../../../src/kafka/group/member.ts'
import type { GroupMemberSettings, MemberOwner } from '../../../src/kafka/group/settings.ts'
import { createCluster } from '../../../src/kafka/options.ts'
import { brokerAddress } from '../../support/kafka.ts'
import { clock, Lines, optionsFor } from '../rig.ts'

export const name = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** Keeps what it is told, in order: `+t/0`, `-t/0` when a drain begins, `!t/0` for lost. */
export class Owner implements MemberOwner {
  readonly told: string[] = []
  readonly #has = new Set<string>()
  onRevoked: (partitions: readonly TopicPartition[]) => Promise<void> = () => Promise.resolve()

  assigned(partitions: readonly TopicPartition[]): void {
    for (const each of partitions.map(name)) {
      if (this.#has.has(each)) throw new Error(`${each} is told twice`)
      this.#has.add(each)
      this.told.push(`+${each}`)
    }
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    for (const each of partitions.map(name)) this.told.push(`-${each}`)
    await this.onRevoked(partitions)
    for (const each of partitions.map(name)) this.#has.delete(each)
  }

  lost(partitions: readonly TopicPartition[]): void {
    for (const each of partitions.map(name)) {
      this.told.push(`!${each}`)
      this.#has.delete(each)
    }
  }

  get owned(): string[] {
    return [...this.#has].sort()
  }
}

export interface Running {
  readonly member: GroupMember
  readonly owner: Owner
  readonly lines: Lines
  /** Names of the requests made so far. */
  readonly asked: string[]
  /** Ends it as a killed process would: without a word. */
  kill(): void
}

export type Wanted = Pick<GroupMemberSettings, 'groupId' | 'topics'> & Partial<GroupMemberSettings>

/** Keeps the names of what is asked. */
const recorded = (cluster: KafkaCluster, asked: string[]): GroupCluster => ({
  metadata: (topics) => cluster.metadata(topics),
  sendToAny: (ask) => cluster.sendToAny(ask),
  send(node, ask) {
    if (typeof ask === 'object') asked.push(ask.apiName)
    return cluster.send(node, ask)
  },
})

/** A running member; gone after the test. */
export function startMember(t: TestContext, wanted: Wanted, owner = new Owner()): Running {
  const lines = new Lines()
  const options = optionsFor([brokerAddress()])
  const joining = createCluster(options, lines.log, clock)
  const talking = createCluster(options, lines.log, clock)
  const asked: string[] = []
  const member = new GroupMember({
    joining: recorded(joining, asked),
    talking: recorded(talking, asked),
    protocol: 'cooperative',
    sessionTimeoutMs: 10_000,
    owner,
    clock,
    log: lines.log,
    ...wanted,
  })
  const kill = (): void => {
    joining.close()
    talking.close()
    void member.close()
  }
  t.after(async () => {
    await member.close()
    kill()
  })
  void member.run()
  return { member, owner, lines, asked, kill }
}

export const counts = (...members: Running[]): number[] => members.map(({ owner }) => owner.owned.length)

export const all = (...members: Running[]): string[] => members.flatMap(({ owner }) => owner.owned).sort()

export const partitionsOf = (topic: string, count: number): string[] =>
  Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)
