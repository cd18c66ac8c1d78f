// DescribeGroups: what a coordinator knows of a consumer group.
import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { decodeAssignment } from '../protocol/assignment.ts'
import { permittedFrom, type Permitted } from '../protocol/permissions.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { Coordinator } from './coordinator.ts'
import type { Answer } from './requests.ts'

export interface GroupDescription extends Answer {
  /** `Dead`: there is no such group. */
  readonly state: string
  /** `consumer`; `connect` and others for programs that are none. */
  readonly protocolType: string
  /** The assignor in use; empty while there is none. */
  readonly protocol: string
  readonly members: readonly {
    readonly instanceId: string | null
    readonly clientId: string
    readonly clientHost: string
    /** As the leader made it, encoded. */
    readonly assignment: Buffer
  }[]
  readonly permitted: Permitted
}

/** To be asked of the group's coordinator. */
export const describeGroup = (groupId: string): KafkaRequest<GroupDescription> => ({
  apiKey: 15,
  apiVersion: 4,
  apiName: 'DescribeGroups',
  encode: (to) => to.array([groupId], (id) => to.string(id)).boolean(true),
  decode: (from) => {
    const throttleMs = from.int32()
    const groups = from.array(() => {
      const error = from.int16()
      from.string()
      const names = { state: from.string(), protocolType: from.string(), protocol: from.string() }
      const members = from.array(() => {
        from.string()
        const who = { instanceId: from.nullableString(), clientId: from.string(), clientHost: from.string() }
        from.bytes()
        return { ...who, assignment: from.bytes() ?? Buffer.alloc(0) }
      })
      return { throttleMs, error, ...names, members, permitted: permittedFrom(from) }
    })
    return groups[0] ?? { throttleMs, error: 0, ...nobody }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})

const nobody = { state: 'Dead', protocolType: '', protocol: '', members: [], permitted: null } as const

/** What the members of the group have, all together. Rejects as Coordinator.ask. */
export async function assignedInGroup(coordinator: Coordinator, groupId: string): Promise<TopicPartition[]> {
  const { members } = await coordinator.ask(describeGroup(groupId))
  return members.flatMap(({ assignment }) => decodeAssignment(assignment))
}
