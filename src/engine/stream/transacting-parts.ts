// What transactions need of the parts of one stream.
import { AgentError } from '../../domain/errors.ts'
import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Transactions } from '../ports.ts'
import type { StreamWorks } from './stream-works.ts'
import type { Transacting, TransactingParts } from './transacting.ts'

/** `works` is not complete yet: its parts are asked for when they are needed. */
export function transactingParts(
  works: StreamWorks,
  limitMs: Millis,
  note: (at: TopicPartition, position: number) => string,
): TransactingParts {
  const { clock, checkpointIntervalMs, broken } = works.parts
  return {
    clock,
    limitMs,
    note,
    intervalMs: checkpointIntervalMs,
    book: works.book,
    report: works.report,
    get pump() {
      return works.pump
    },
    get feeder() {
      return works.feeder
    },
    transactions: () => transactionsOf(works),
    attributed: () => works.rules.reader !== null,
    ordered: () => works.rules.ordered,
    committed: (commits) => {
      for (const commit of commits) works.isolation.settled(commit, commit.offset, true)
    },
    abandon: () => works.abandon(),
    disown: () => {
      const { lane } = works
      if (lane?.over !== false || lane.disowned) return
      if (works.rules.ordered) {
        for (const at of works.book.partitions()) lane.forget(at.topic, at.partition)
      } else if (lane.fedLines > 0 || lane.bytesOut > 0) {
        lane.disowned = true
        lane.stopping = true
        works.feeder.detach()
        broken(lane.child.pid)
      }
    },
    replay: () => works.replay(works.book.rewindUncommitted()),
    giveUp: () => works.giveUp(cureFor(works)),
    failed: works.parts.failed,
  }
}

/** What the broker does to transactions of these works. */
export function listenTo(works: StreamWorks, transacting: Transacting): void {
  works.sides.transactions?.listen({
    voided: (reason) => transacting.spoil(reason),
    fenced: (reason) => {
      works.giveUp(reason)
      if (works.lane?.over === false) works.parts.broken(works.lane.child.pid)
      works.parts.failed(new AgentError('UNAVAILABLE', reason))
    },
  })
}

function transactionsOf({ sides }: StreamWorks): Transactions {
  if (!sides.transactions) throw new TypeError('cannot commit a transaction: these sides have none')
  return sides.transactions
}

const cureFor = ({ rules }: StreamWorks): string =>
  rules.settles === 'checkpoint'
    ? 'exactly-once cannot see when this Calculator has finished: where each record has exactly one answer, set ' +
      'PROTOCOL=one-to-one; else DELIVERY=at-least-once'
    : 'the Calculator takes too long for one transaction: raise CHECKPOINT_INTERVAL, or set PROTOCOL=one-to-one'
