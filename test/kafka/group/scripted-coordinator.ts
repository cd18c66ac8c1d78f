// A coordinator that answers as the test says, without a broker and on the test's own clock: for answers that a real one
// gives only by chance. It has one member, which gets both partitions of topic `t` from a leader elsewhere.
import type { TestContext } from 'node:test'
import type { TopicPartition } from '../../../src/domain/stream/line-batch.ts'
import type { Ask } from '../../../src/kafka/cluster.ts'
import type { GroupCluster } from '../../../src/kafka/group/coordinator.ts'
import { GroupMember } from '../../../src/kafka/group/member.ts'
import type { ClusterFacts } from '../../../src/kafka/protocol/metadata.ts'
import { RequestWriter } from '../../../src/kafka/protocol/request-writer.ts'
import { ResponseReader } from '../../../src/kafka/protocol/response-reader.ts'
import { encodeAssignment } from '../../../src/kafka/protocol/assignment.ts'
import { decodeSubscription } from '../../../src/kafka/protocol/subscription.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Lines } from '../rig.ts'
import { Owner, type Wanted } from './rig.ts'

export interface Asked {
  readonly api: string
  readonly memberId: string
  /** Of heartbeats, syncs and commits; of a join what its subscription says. */
  readonly generation: number
  /** Of a join. */
  readonly owned: readonly TopicPartition[]
}

/** What an answer that was told beforehand is: the broker's error code, a broken connection, or none at all. */
export type Told = number | 'broken' | 'silence'

class ScriptedCoordinator implements GroupCluster {
  readonly asked: Asked[] = []
  partitions = [0, 1]
  #generation = 0
  readonly #told = new Map<string, (Told | Promise<Told>)[]>()

  /** The next requests of this API are answered so. */
  tell(api: string, ...answers: (Told | Promise<Told>)[]): void {
    this.#told.set(api, [...(this.#told.get(api) ?? []), ...answers])
  }

  of(api: string): Asked[] {
    return this.asked.filter((each) => each.api === api)
  }

  metadata(): Promise<ClusterFacts> {
    const partitions = this.partitions.map((partition) => ({ partition, leader: 1, leaderEpoch: 0 }))
    return Promise.resolve({
      brokers: [],
      controller: -1,
      topics: new Map([['t', { name: 't', id: null, partitions }]]),
    })
  }

  sendToAny<T>(ask: Ask<T>): Promise<T> {
    return this.send(1, ask)
  }

  async send<T>(_node: number, ask: Ask<T>): Promise<T> {
    const request = typeof ask === 'function' ? ask({}) : ask
    const writer = new RequestWriter()
    request.encode(writer)
    const asked = read(request.apiName, new ResponseReader(Buffer.concat(writer.pieces())))
    this.asked.push(asked)
    const told = (await this.#told.get(asked.api)?.shift()) ?? 0
    if (told === 'silence') return new Promise<never>(() => undefined)
    if (told === 'broken') throw new Error('the connection was closed')
    return this.#answer(asked, told) as T
  }

  #answer({ api, memberId }: Asked, error: number): unknown {
    const head = { throttleMs: 0, error }
    switch (api) {
      case 'FindCoordinator':
        return { ...head, node: 1, detail: null }
      case 'JoinGroup': {
        if (error === 0 && memberId === '') return { ...head, error: 79, memberId: `m${++this.#generation}` }
        const generation = error === 0 ? ++this.#generation : -1
        return { ...head, memberId, generation, protocol: 'cooperative-sticky', leaderId: 'another', members: [] }
      }
      case 'SyncGroup':
        return { ...head, assignment: encodeAssignment(new Map([['t', this.partitions]])) }
      case 'OffsetCommit':
        return { throttleMs: 0, partitions: [{ topic: 't', partition: 0, error }] }
      case 'OffsetFetch': {
        const committed = { topic: 't', partition: 0, offset: 3, metadata: '', leaderEpoch: -1, error }
        return { throttleMs: 0, error: 0, partitions: [committed] }
      }
      default:
        return head
    }
  }
}

function read(api: string, from: ResponseReader): Asked {
  const asked = { api, memberId: '', generation: -1, owned: [] }
  if (['FindCoordinator', 'LeaveGroup', 'OffsetFetch'].includes(api)) return asked
  from.string()
  if (api !== 'JoinGroup') return { ...asked, generation: from.int32(), memberId: from.string() }
  from.int32()
  from.int32()
  const memberId = from.string()
  from.nullableString()
  from.string()
  const [metadata] = from.array(() => (from.string(), from.bytes()))
  const { owned, generation } = decodeSubscription(metadata ?? Buffer.alloc(0))
  return { api, memberId, generation, owned }
}

export interface Scripted {
  readonly coordinator: ScriptedCoordinator
  readonly clock: FakeClock
  readonly member: GroupMember
  readonly owner: Owner
  readonly lines: Lines
}

/** A member that has joined, with t/0 and t/1; the session timeout is 10 s, so that it beats every second. */
export async function scripted(t: TestContext, wanted: Partial<Wanted> = {}): Promise<Scripted> {
  const coordinator = new ScriptedCoordinator()
  const clock = new FakeClock()
  const owner = new Owner()
  const lines = new Lines()
  const member = new GroupMember({
    joining: coordinator,
    talking: coordinator,
    groupId: 'g',
    topics: ['t'],
    protocol: 'cooperative',
    sessionTimeoutMs: 10_000,
    owner,
    clock,
    log: lines.log,
    ...wanted,
  })
  void member.run()
  t.after(async () => {
    const closed = member.close()
    await clock.advance(10_000)
    await closed
  })
  await clock.advance(5_000)
  return { coordinator, clock, member, owner, lines }
}
