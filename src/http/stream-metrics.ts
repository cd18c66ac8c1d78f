import type { PartitionSnapshot, StreamSnapshot } from '../engine/snapshot.ts'
import {
  count,
  gauge,
  inSeconds,
  split,
  streamCount,
  streamDurations,
  streamGauge,
  type MetricTable,
  type Sample,
  type Sight,
} from './metric.ts'

const perPartition =
  (value: (partition: PartitionSnapshot) => number | null) =>
  ({ snapshot: { streams } }: Sight): Sample[] =>
    streams.flatMap(({ namespec: process, partitions }) =>
      partitions.map((each): Sample => [
        { process, topic: each.topic, partition: String(each.partition) },
        value(each),
      ]),
    )

/** The lags of all partitions; before they are known, what is known of all together. */
function workLag({ partitions, input, inFlight }: StreamSnapshot): number | null {
  const lags = partitions.map(({ lag }) => lag)
  if (lags.length > 0 && !lags.includes(null)) return lags.reduce<number>((sum, lag) => sum + (lag ?? 0), 0)
  return input.lag === null ? null : input.lag + inFlight
}

// prettier-ignore
export const streamMetrics: MetricTable = {
  records_in_total: streamCount('Records handed over by the input.', (s) => s.counters.recordsIn),
  records_out_total: streamCount('Records acknowledged by the output.', (s) => s.counters.recordsOut),
  bytes_in_total: streamCount('Bytes of the input records.', (s) => s.counters.bytesIn),
  bytes_out_total: streamCount('Bytes of the output records.', (s) => s.counters.bytesOut),
  tombstones_total: streamCount('Input records without a value, skipped.', (s) => s.counters.tombstones),
  answers_total: count('Lines of the Calculator: taken as answers (ok), over MAX_LINE, not allowed by the protocol, without an end.', ['process', 'result'], split('result', ({ counters: c }) => ({ ok: c.answers, oversized: c.oversized, violation: c.violations, partial: c.partialLines }))),
  dlq_total: count('Dead letters, by reason.', ['process', 'class'], split('class', (s) => s.counters.deadLetters)),
  oversize_total: streamCount('Lines longer than MAX_LINE.', (s) => s.counters.oversized),
  partial_lines_total: streamCount('Last lines without newline that are no answer.', (s) => s.counters.partialLines),
  violations_total: streamCount('Answers that the protocol does not allow, and a stdout that was closed.', (s) => s.counters.violations),
  control_problems_total: streamCount('Lines of the control channel that could not be used.', (s) => s.counters.controlProblems),
  replays_total: streamCount('Partitions that were read again after the Calculator died.', (s) => s.counters.replays),
  checkpoint_total: count('Checkpoints, by what is known of the Calculator.', ['process', 'kind'], split('kind', ({ counters: c }) => ({ proven: c.checkpointsProven, assumed: c.checkpointsAssumed }))),
  checkpoint_missed_total: streamCount('Checkpoints that were due and did not come about.', (s) => s.counters.checkpointsMissed),
  checkpoint_seconds: streamDurations('From the moment that the end of the Calculator\'s work is watched for until it is settled and committed.', (s) => s.durations.checkpoint),
  commit_total: count('Commits of offsets.', ['process', 'result'], split('result', ({ counters: c }) => ({ ok: c.commits, refused: c.commitsRefused }))),
  transactions_aborted_total: streamCount('Transactions that were aborted, with DELIVERY=exactly-once.', (s) => s.counters.aborts),
  answer_seconds: streamDurations('From the hand-over of a record to its answer; no samples where lines are not tied to records (relay, sink, source, batch).', (s) => s.durations.answer),
  end_to_end_seconds: streamDurations('From the time of a record in Kafka until its answers are stored, or the checkpoint that settles it.', (s) => s.durations.endToEnd),
  in_flight: streamGauge('Records handed to the Calculator and not settled.', (s) => s.inFlight),
  window_bytes: streamGauge('Bytes held for the Calculator and the output.', (s) => s.bufferedBytes),
  window_limit: streamGauge('Bytes that may be held: BUFFER_BYTES, or less where more would bring nothing.', (s) => s.bufferLimitBytes),
  stdin_unread_bytes: streamGauge('Bytes written that the Calculator has not read.', (s) => s.stdinUnreadBytes),
  stdin_blocked_seconds_total: streamCount('How long writes have waited for the Calculator to read.', (s) => s.stdinBlockedMs / 1000),
  stdout_partial_bytes: streamGauge('Bytes of a line that the Calculator has not ended yet.', (s) => s.stdoutPartialBytes),
  stdout_block_buffered: streamGauge('1 when the Calculator keeps back part of a line.', (s) => Number(s.blockBuffered)),
  lag: streamGauge('Records not yet fetched over all assigned partitions.', (s) => s.input.lag),
  work_lag: streamGauge('Records not yet settled over all assigned partitions.', workLag),
  partition_lag: gauge('Records not yet settled.', ['process', 'topic', 'partition'], perPartition(({ lag }) => lag)),
  partition_progress_age_seconds: gauge('Time since the partition last made progress; 0 with nothing to do.', ['process', 'topic', 'partition'], perPartition(({ progressAgeMs }) => progressAgeMs / 1000)),
  assigned_partitions: streamGauge('Partitions this member owns.', (s) => s.input.assigned.length),
  stuck_partitions: streamGauge('Partitions with records waiting and no progress.', (s) => s.stuck.length),
  rebalances_total: count('How often partitions were given to this member, taken away, and lost without notice.', ['process', 'kind'], split('kind', (s) => s.input.rebalances)),
  joined: streamGauge('1 when joined to the consumer group.', (s) => Number(s.input.joined)),
  fetch_age_seconds: streamGauge('Time since the last fetch.', (s) => inSeconds(s.input.lastFetchAgeMs)),
  ack_age_seconds: streamGauge('Time since the output last acknowledged.', (s) => inSeconds(s.output.lastAckAgeMs)),
  child_deaths_total: count('Deaths of the Calculator that nobody asked for, by what is known of them.', ['process', 'class'], split('class', (s) => s.counters.deaths)),
}
