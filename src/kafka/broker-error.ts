import { knownErrorCodes } from './kafkajs-internals.ts'

/** What a broker refused, by its own name of the error. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  /** As in Kafka's protocol: `NOT_LEADER_FOR_PARTITION`, `MESSAGE_TOO_LARGE`, … */
  readonly type: string
  readonly code: number
  /** The same request may succeed later. */
  readonly retriable: boolean

  constructor(code: number, detail?: string | null) {
    const { type, retriable, message } = names.get(code) ?? {
      type: `ERROR_${code}`,
      retriable: true,
      message: `The broker answers with error code ${code}`,
    }
    super(detail ?? message)
    this.type = type
    this.code = code
    this.retriable = retriable
  }
}

export const LEADER_NOT_AVAILABLE = 5

/** Newer than kafkajs. */
const newer = [
  [89, 'THROTTLING_QUOTA_EXCEEDED', true, 'The quota of requests is used up'],
  [90, 'PRODUCER_FENCED', false, 'There is a newer producer with the same transactional id'],
  [100, 'UNKNOWN_TOPIC_ID', true, 'The broker does not know the topic of this id'],
  [103, 'INCONSISTENT_TOPIC_ID', true, "The topic's id is another one by now"],
  [110, 'FENCED_MEMBER_EPOCH', false, 'The coordinator has fenced this member'],
  [111, 'UNRELEASED_INSTANCE_ID', false, 'Another member has this GROUP_INSTANCE_ID'],
  [113, 'STALE_MEMBER_EPOCH', true, "The member's epoch is over"],
  [120, 'TRANSACTION_ABORTABLE', false, 'The transaction must be aborted'],
] as const

const names = new Map<number, { type: string; retriable: boolean; message: string }>([
  ...knownErrorCodes.map(({ code, ...names }) => [code, names] as const),
  ...newer.map(([code, type, retriable, message]) => [code, { type, retriable, message }] as const),
])

/** Throws BrokerError unless `code` is 0. */
export function refuse(code: number, detail?: string | null): void {
  if (code !== 0) throw new BrokerError(code, detail)
}
