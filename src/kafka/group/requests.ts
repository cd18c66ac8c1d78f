// The requests of group membership in the versions that carry `group.instance.id` (brokers since Kafka 2.3).
import type { Millis } from '../../domain/time.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { ResponseReader } from '../protocol/response-reader.ts'

/** Every answer begins alike. */
export interface Answer {
  readonly throttleMs: Millis
  /** The broker's error code; 0 for none. */
  readonly error: number
}

/** Who asks. */
export interface MemberIdentity {
  readonly groupId: string
  /** Empty until the coordinator has given one. */
  readonly memberId: string
  /** -1 for none. */
  readonly generation: number
  readonly instanceId: string | null
}

export interface JoinSettings {
  readonly sessionTimeoutMs: Millis
  readonly rebalanceTimeoutMs: Millis
  /** In the order of preference. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export interface JoinAnswer extends Answer {
  readonly generation: number
  readonly protocol: string
  readonly leaderId: string
  readonly memberId: string
  /** Only for the leader. */
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly metadata: Buffer
  }[]
}

const PROTOCOL_TYPE = 'consumer'
/** The coordinator may answer as late as the rebalance timeout. */
const NETWORK_DELAY: Millis = 5_000

const head = (from: ResponseReader): Answer => ({ throttleMs: from.int32(), error: from.int16() })
const throttleMs = (answer: Answer): Millis => answer.throttleMs

/** What a coordinator keeps. */
export type CoordinatorKind = 'group' | 'transaction'

/** `key`: id of the consumer group, or transactional id. */
export const findCoordinator = (
  key: string,
  kind: CoordinatorKind,
): KafkaRequest<Answer & { detail: string | null; node: number }> => ({
  apiKey: 10,
  apiVersion: 2,
  apiName: 'FindCoordinator',
  encode: (to) => to.string(key).int8(kind === 'group' ? 0 : 1),
  decode: (from) => ({ ...head(from), detail: from.nullableString(), node: from.int32() }),
  throttleMs,
})

/** Answered when every member has joined, or the rebalance timeout is over. */
export const joinGroup = (who: MemberIdentity, settings: JoinSettings): KafkaRequest<JoinAnswer> => ({
  apiKey: 11,
  apiVersion: 5,
  apiName: 'JoinGroup',
  timeoutMs: settings.rebalanceTimeoutMs + NETWORK_DELAY,
  encode: (to) =>
    to
      .string(who.groupId)
      .int32(settings.sessionTimeoutMs)
      .int32(settings.rebalanceTimeoutMs)
      .string(who.memberId)
      .string(who.instanceId)
      .string(PROTOCOL_TYPE)
      .array(settings.protocols, ({ name, metadata }) => to.string(name).bytes(metadata)),
  decode: (from) => ({
    ...head(from),
    generation: from.int32(),
    protocol: from.string(),
    leaderId: from.string(),
    memberId: from.string(),
    members: from.array(() => ({
      memberId: from.string(),
      instanceId: from.nullableString(),
      metadata: from.bytes() ?? Buffer.alloc(0),
    })),
  }),
  throttleMs,
})

/** With `assignments` of the leader, none of the others; answered when the leader has asked. */
export const syncGroup = (
  who: MemberIdentity,
  assignments: readonly (readonly [memberId: string, assignment: Buffer])[],
  rebalanceTimeoutMs: Millis,
): KafkaRequest<Answer & { assignment: Buffer }> => ({
  apiKey: 14,
  apiVersion: 3,
  apiName: 'SyncGroup',
  timeoutMs: rebalanceTimeoutMs + NETWORK_DELAY,
  encode: (to) =>
    to
      .string(who.groupId)
      .int32(who.generation)
      .string(who.memberId)
      .string(who.instanceId)
      .array(assignments, ([memberId, assignment]) => to.string(memberId).bytes(assignment)),
  decode: (from) => ({ ...head(from), assignment: from.bytes() ?? Buffer.alloc(0) }),
  throttleMs,
})

/** The member is alive. The answer tells of a rebalance, and of a membership that is over. */
export const heartbeat = (who: MemberIdentity, timeoutMs: Millis): KafkaRequest<Answer> => ({
  apiKey: 12,
  apiVersion: 3,
  apiName: 'Heartbeat',
  timeoutMs,
  encode: (to) => to.string(who.groupId).int32(who.generation).string(who.memberId).string(who.instanceId),
  decode: head,
  throttleMs,
})

/** The member goes: its partitions are free at once. */
export const leaveGroup = (who: MemberIdentity): KafkaRequest<Answer> => ({
  apiKey: 13,
  apiVersion: 3,
  apiName: 'LeaveGroup',
  encode: (to) =>
    to.string(who.groupId).array([who], ({ memberId, instanceId }) => to.string(memberId).string(instanceId)),
  decode: (from) => {
    const { throttleMs, error } = head(from)
    const ofMembers = from.array(() => {
      from.string()
      from.nullableString()
      return from.int16()
    })
    return { throttleMs, error: error !== 0 ? error : (ofMembers.find((code) => code !== 0) ?? 0) }
  },
  throttleMs,
})
