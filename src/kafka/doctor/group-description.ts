import type { Answer } from '../group/requests.ts'
import { permittedFrom, type Permitted } from '../protocol/permissions.ts'
import type { KafkaRequest } from '../protocol/request.ts'

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
  }[]
  readonly permitted: Permitted
}

/** To be asked of the group's coordinator. */
export const describeMembers = (groupId: string): KafkaRequest<GroupDescription> => ({
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
        const member = { instanceId: from.nullableString(), clientId: from.string(), clientHost: from.string() }
        from.bytes()
        from.bytes()
        return member
      })
      return { throttleMs, error, ...names, members, permitted: permittedFrom(from) }
    })
    return groups[0] ?? { throttleMs, error: 0, ...nobody }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})

const nobody = { state: 'Dead', protocolType: '', protocol: '', members: [], permitted: null } as const
