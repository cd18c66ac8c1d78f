// Where DELIVERY=exactly-once cannot hold it is refused: a promise that is kept by halves is worse than none.
import { deadLetterTopicOf } from '../domain/stream/change-class.ts'
import { isTransactional } from '../domain/stream/protocol/rules.ts'
import type { Millis } from '../domain/time.ts'
import type { Config } from './config.ts'
import type { Findings } from './findings.ts'

/** A broker takes transactions of at most 15 min by default; ours may last 30 s longer than these two together. */
const LONGEST: Millis = 14 * 60_000

/** What the run document may still bring is judged with it (agent/obstacle.ts). */
export function checkExactlyOnce(findings: Findings, config: Config): void {
  const { input, output, streams, rules, limits, adoptionGraceMs } = config
  if (rules.delivery !== 'exactly-once') return
  if (input.kind !== 'kafka' || output.kind !== 'kafka') {
    findings.problem('DELIVERY', 'cannot be exactly-once with --in or --out: it holds from Kafka to Kafka only')
    return
  }
  if (limits.checkpointIntervalMs + adoptionGraceMs > LONGEST) {
    findings.problem('CHECKPOINT_INTERVAL', 'should, with ADOPTION_GRACEPERIOD, be at most 14m with exactly-once')
  }
  const isOurs = (what: 'streams' | 'calculator'): boolean =>
    !findings.isSet('CONSUL_DSN') || !config.runDocumentAllow.includes(what)
  if (isOurs('calculator') && !isTransactional(streams.protocol)) {
    findings.problem('PROTOCOL', `cannot be ${streams.protocol} with DELIVERY=exactly-once: it has one side only`)
  }
  if (!isOurs('streams')) return
  if (streams.outputTopic === null) findings.problem('OUTPUT_TOPIC', 'is needed with DELIVERY=exactly-once')
  else if (deadLetterTopicOf(streams) === streams.outputTopic) {
    findings.problem('DEAD_LETTER_TOPIC', 'should not be OUTPUT_TOPIC with DELIVERY=exactly-once')
  }
}
