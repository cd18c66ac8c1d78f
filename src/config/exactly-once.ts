// Where DELIVERY=exactly-once cannot hold it is refused: a promise that is kept by halves is worse than none.
import { exactlyOnceFaults, type ExactlyOnceFault } from '../domain/stream/obstacles.ts'
import type { StreamSettings } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { Config } from './config.ts'
import type { Adjustable, Findings } from './findings.ts'
import type { VariableName } from './variables.ts'

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
  for (const fault of exactlyOnceFaults(streams)) {
    const { name, whose, expected } = wording[fault]
    if (!findings.mayCome(whose)) findings.problem(name, expected(streams))
  }
}

interface Wording {
  readonly name: VariableName
  readonly whose: Adjustable
  readonly expected: (streams: StreamSettings) => string
}

const wording: Readonly<Record<ExactlyOnceFault, Wording>> = {
  'one-sided': {
    name: 'PROTOCOL',
    whose: 'calculator',
    expected: ({ protocol }) => `cannot be ${protocol} with DELIVERY=exactly-once: it has one side only`,
  },
  'no-output': {
    name: 'OUTPUT_TOPIC',
    whose: 'streams',
    expected: () => 'is needed with DELIVERY=exactly-once',
  },
  'letters-in-output': {
    name: 'DEAD_LETTER_TOPIC',
    whose: 'streams',
    expected: () => 'should not be OUTPUT_TOPIC with DELIVERY=exactly-once',
  },
}
