import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { refuse } from '../broker-error.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { Coordinator } from './coordinator.ts'
import { offsetFetch, type CommittedOffset } from './offset-requests.ts'

/** Why nothing that the member asks for is waited for any more. */
export const MEMBER_CLOSES = 'the member of the consumer group is closing'

const UNSTABLE_OFFSET_COMMIT = 88
const PAUSE: Millis = 100
/** A transaction that takes longer to end is told as a problem. */
const PATIENCE: Millis = 5_000

/**
 * Committed offsets, when no transaction that is still open could change them. Rejects as Coordinator.ask; with BrokerError
 * where one is open for longer.
 */
export async function fetchCommitted(
  coordinator: Coordinator,
  groupId: string,
  partitions: readonly TopicPartition[],
  clock: Clock,
  closing: AbortSignal,
): Promise<CommittedOffset[]> {
  const began = clock.now()
  for (;;) {
    const answer = await unlessAborted(closing, MEMBER_CLOSES, coordinator.ask(offsetFetch(groupId, partitions)))
    const isUnstable = answer.partitions.some(({ error }) => error === UNSTABLE_OFFSET_COMMIT)
    if (isUnstable && clock.now() - began < PATIENCE) {
      await wait(clock, PAUSE, closing)
      continue
    }
    return answer.partitions.map(({ error, ...committed }) => {
      refuse(error)
      return committed
    })
  }
}
