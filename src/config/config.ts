// The one configuration the agent is built from: read once, checked as a whole, frozen.
import { frozen } from '../domain/frozen.ts'
import type { StreamSettings } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import { calculatorSettings, programOf } from './calculator-settings.ts'
import type { CalculatorSettings } from './calculator-settings.ts'
import { wantsColors } from './colors.ts'
import { controlSettings, type ControlSettings } from './control-settings.ts'
import type { ConsulSettings } from './consul-settings.ts'
import { consulSettings } from './consul-settings.ts'
import { checkExactlyOnce } from './exactly-once.ts'
import type { Flags } from './findings.ts'
import { Findings } from './findings.ts'
import { checkIdentity } from './identity.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { kafkaSettings } from './kafka-settings.ts'
import type { Machine } from './machine.ts'
import { defaultBufferBytes } from './memory.ts'
import { misspelt } from './misspelt.ts'
import type { Problem } from './problem.ts'
import type { Environment, Reading } from './read.ts'
import { readVariables } from './read.ts'
import type { Side } from './sides.ts'
import { checkSides, sidesOf } from './sides.ts'
import type { Values } from './variables.ts'
import { warnOfIdle } from './without-effect.ts'
import { checkWorkers } from './workers.ts'

/** Durations named `…Ms` are milliseconds, `startsecs` is seconds, sizes are bytes; null means "not set". */
export interface Config {
  readonly nodeId: string | null
  readonly instanceId: string
  readonly platformVersion: string | null
  readonly stateDir: string | null
  /** null: not set, or both sides are local. */
  readonly kafka: KafkaSettings | null
  readonly consul: ConsulSettings | null
  /** Base values of what the run document may change; `bin` null or no topics: wait for the document. */
  readonly streams: StreamSettings
  readonly input: Side
  readonly output: Side
  readonly calculator: CalculatorSettings
  readonly adoptionGraceMs: Millis
  readonly shutdownGraceMs: Millis
  readonly limits: {
    readonly maxLine: number
    readonly bufferBytes: number
    readonly checkpointIntervalMs: Millis
    /** null: none. */
    readonly answerTimeoutMs: Millis | null
  }
  readonly rules: {
    readonly inputFormat: Values['INPUT_FORMAT']
    readonly newlines: Values['INPUT_NEWLINES']
    readonly emptyAnswer: Values['EMPTY_ANSWER']
    /** null: by the key, without one by the protocol. */
    readonly outputPartition: Values['OUTPUT_PARTITION']
    readonly delivery: Values['DELIVERY']
    readonly calculatorInput: Values['CALCULATOR_INPUT']
    /** What is dealt to several workers: partitions, or the records of each by their keys. */
    readonly dealing: Values['WORKERS_BY']
  }
  readonly http: Values['HTTP_LISTEN']
  /** null: off. `isAsked`: named by the user, and made where it is missing. */
  readonly terminationLog: { readonly path: string; readonly isAsked: boolean } | null
  /** Whether what is told of a death shows records. */
  readonly blackBox: boolean
  readonly control: ControlSettings
  readonly log: { readonly level: Values['LOG_LEVEL']; readonly format: 'json' | 'pretty'; readonly colors: boolean }
  readonly runDocumentAllow: Values['RUN_DOCUMENT_ALLOW']
}

export interface Sources {
  readonly environment: Environment
  readonly flags: Flags
  readonly machine: Machine
}

/** `config` null: there are problems, and nothing may be started. `reading` tells where each value comes from. */
export type Loaded = { readonly reading: Reading; readonly warnings: readonly string[] } & (
  | { readonly config: Config; readonly problems: readonly [] }
  | { readonly config: null; readonly problems: readonly Problem[] }
)

/**
 * Reads and checks the whole configuration: environment, then command line. Reports every problem at once, throws none;
 * connects to nothing and prints nothing.
 */
export function loadConfig({ environment, flags, machine }: Sources): Loaded {
  const reading = readVariables(environment, machine)
  const findings = new Findings(reading, flags, environment, machine)
  const { values } = findings
  const { input, output } = sidesOf(findings)
  const reads = values.PROTOCOL !== 'source'
  const kafkaIsUsed = (input.kind === 'kafka' && reads) || output.kind === 'kafka'
  if (!kafkaIsUsed && findings.isSet('KAFKA_DSN')) {
    findings.warn('KAFKA_DSN without effect: --in and --out take the place of both topics')
  }
  const config: Config = {
    ...checkIdentity(findings, kafkaIsUsed),
    platformVersion: values.PLATFORM_VERSION,
    stateDir: values.STATE_DIR,
    kafka: kafkaIsUsed ? kafkaSettings(findings) : null,
    consul: consulSettings(findings, !kafkaIsUsed),
    streams: streamSettings(findings),
    input,
    output,
    calculator: calculatorSettings(findings),
    adoptionGraceMs: values.ADOPTION_GRACEPERIOD,
    shutdownGraceMs: values.SHUTDOWN_GRACEPERIOD,
    limits: {
      maxLine: values.MAX_LINE,
      bufferBytes: values.BUFFER_BYTES ?? defaultBufferBytes(machine),
      checkpointIntervalMs: values.CHECKPOINT_INTERVAL,
      answerTimeoutMs: values.ANSWER_TIMEOUT,
    },
    rules: {
      inputFormat: values.INPUT_FORMAT,
      newlines: values.INPUT_NEWLINES,
      emptyAnswer: values.EMPTY_ANSWER,
      outputPartition: values.OUTPUT_PARTITION,
      delivery: values.DELIVERY,
      calculatorInput: values.CALCULATOR_INPUT,
      dealing: values.WORKERS_BY,
    },
    http: values.HTTP_LISTEN,
    terminationLog: terminationLog(findings),
    blackBox: values.BLACK_BOX,
    control: controlSettings(findings),
    log: logSettings(findings),
    runDocumentAllow: values.RUN_DOCUMENT_ALLOW,
  }
  checkSides(findings, config)
  checkExactlyOnce(findings, config)
  checkWorkers(findings, config)
  warnOfIdle(findings, config)
  findings.warnings.push(...misspelt(environment))
  const { problems, warnings } = findings
  return problems.length > 0
    ? { config: null, problems, warnings, reading }
    : { config: frozen(config), problems: [], warnings, reading }
}

function streamSettings(findings: Findings): StreamSettings {
  const { values, flags } = findings
  return {
    inputTopics: values.INPUT_TOPICS ?? [],
    inputFrom: values.INPUT_FROM,
    outputTopic: values.OUTPUT_TOPIC,
    outputFormat: values.OUTPUT_FORMAT,
    outputJson: values.OUTPUT_JSON,
    deadLetterTopic: values.DEAD_LETTER_TOPIC,
    deadLetterAttempts: values.DEAD_LETTER_ATTEMPTS,
    protocol: values.PROTOCOL,
    workers: values.WORKERS,
    bin: programOf(findings),
    args: flags.args ?? [],
    env: {},
  }
}

const terminationLog = (findings: Findings): Config['terminationLog'] => {
  const path = findings.values.TERMINATION_LOG
  return path === 'off' ? null : { path, isAsked: findings.isSet('TERMINATION_LOG') }
}

function logSettings({ values, machine, environment }: Findings): Config['log'] {
  const pretty = values.LOG_FORMAT === 'auto' ? machine.terminal : values.LOG_FORMAT === 'pretty'
  const colors = values.LOG_COLORS ?? wantsColors({ isTTY: machine.terminal }, environment)
  return { level: values.LOG_LEVEL, format: pretty ? 'pretty' : 'json', colors }
}
