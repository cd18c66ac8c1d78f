import { ok, problem, type Finding } from '../../domain/finding.ts'
import type { ApiVersions } from '../protocol/request.ts'

/** The oldest version of each request with which the agent works: a test holds it equal to the requests themselves. */
export const needed: readonly (readonly [apiKey: number, apiName: string, version: number])[] = [
  [0, 'Produce', 7],
  [1, 'Fetch', 11],
  [2, 'ListOffsets', 4],
  [3, 'Metadata', 7],
  [8, 'OffsetCommit', 7],
  [9, 'OffsetFetch', 7],
  [10, 'FindCoordinator', 2],
  [11, 'JoinGroup', 5],
  [12, 'Heartbeat', 3],
  [13, 'LeaveGroup', 3],
  [14, 'SyncGroup', 3],
  [15, 'DescribeGroups', 4],
  [18, 'ApiVersions', 2],
  [19, 'CreateTopics', 4],
  [22, 'InitProducerId', 1],
]

/** Beside these, for DELIVERY=exactly-once. */
export const neededForTransactions: typeof needed = [
  [22, 'InitProducerId', 3],
  [24, 'AddPartitionsToTxn', 2],
  [25, 'AddOffsetsToTxn', 2],
  [26, 'EndTxn', 2],
  [28, 'TxnOffsetCommit', 3],
]

/** Whether one broker speaks what the agent will ask of it. */
export function judgeVersions(subject: string, versions: ApiVersions, transactional: boolean): Finding {
  const wanted = transactional ? [...needed, ...neededForTransactions] : needed
  const lacking = wanted.flatMap(([apiKey, apiName, version]) => {
    const known = versions[apiKey]
    if (known && known.minVersion <= version && version <= known.maxVersion) return []
    return [`${apiName} ${version} (it has ${known ? `${known.minVersion} to ${known.maxVersion}` : 'none'})`]
  })
  return lacking.length === 0
    ? ok('kafka.versions', subject, 'speaks every request the agent makes')
    : problem('kafka.versions', subject, `does not know ${lacking.join(', ')}`, 'use brokers of Kafka 2.5 or newer')
}
