import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { decodeAssignment } from '../../wire/group-protocol/assignment.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { Coordinator } from './coordinator.ts'
import type { Answer } from './requests.ts'

/** Answers with the assignment of every member, as the leader made it. */
const describeGroup = (groupId: string): KafkaRequest<Answer & { readonly assignments: readonly Buffer[] }> => ({
  apiKey: 15,
  apiVersion: 4,
  apiName: 'DescribeGroups',
  encode: (to) => to.array([groupId], (id) => to.string(id)).boolean(false),
  decode: (from) => {
    const throttleMs = from.int32()
    const groups = from.array(() => {
      const error = from.int16()
      for (let names = 0; names < 4; names++) from.string()
      const assignments = from.array(() => {
        from.string()
        from.nullableString()
        for (let names = 0; names < 2; names++) from.string()
        from.bytes()
        return from.bytes() ?? Buffer.alloc(0)
      })
      from.int32()
      return { error, assignments }
    })
    return { throttleMs, error: groups[0]?.error ?? 0, assignments: groups[0]?.assignments ?? [] }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})

/** What the members of the group have, all together. Rejects as Coordinator.ask. */
export async function assignedInGroup(coordinator: Coordinator, groupId: string): Promise<TopicPartition[]> {
  const { assignments } = await coordinator.ask(describeGroup(groupId))
  return assignments.flatMap((each) => decodeAssignment(each))
}
