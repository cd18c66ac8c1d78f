import process from 'node:process'
import type { Config } from '../config/config.ts'
import { deadLetterTopicOf, type ChangeClass } from '../domain/stream/change-class.ts'
import { namespec } from '../domain/process/spec.ts'
import type { StreamSettings } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import { DiscardingSink } from '../engine/stream/discarding-sink.ts'
import { IdleSource } from '../engine/stream/idle-source.ts'
import { OutputEncoding } from '../engine/stream/output-encoding.ts'
import type { Clock, DeadLetterSink, RecordSink, RecordSource, Transactions } from '../engine/ports.ts'
import type { StreamSides } from '../engine/stream/stream-parts.ts'
import { waitForBroker } from '../kafka/connect.ts'
import { KafkaDeadLetterSink } from '../kafka/dead-letter-sink.ts'
import type { KafkaCluster } from '../kafka/cluster.ts'
import { membershipIn } from '../kafka/group-membership.ts'
import { KafkaSink, type SinkSettings } from '../kafka/kafka-sink.ts'
import { KafkaSource } from '../kafka/kafka-source.ts'
import { createCluster, type KafkaCredentials } from '../kafka/options.ts'
import { KafkaTransactions } from '../kafka/transactions/kafka-transactions.ts'
import { TransactionSession } from '../kafka/transactions/session.ts'
import { FileDeadLetters, ReportedDeadLetters, type ReportedLetter } from '../local/file-dead-letters.ts'
import { FileSink } from '../local/file-sink.ts'
import { FileSource } from '../local/file-source.ts'
import type { Log, LogLine } from '../log.ts'
import { calculatorName } from './program.ts'
import { clientIdOf, transactionalIdOf } from './names.ts'
import { transactionClocks } from './transaction-clocks.ts'

/** Which source and which sinks serve a set of settings: Kafka, or files in its place. */
export class Sides {
  readonly #config: Config
  readonly #clock: Clock
  readonly #line: LogLine
  /** Of Kafka. */
  readonly #log: LogLine
  readonly #credentials: () => KafkaCredentials
  readonly #failed: (error: unknown) => void
  #begun: TransactionSession | null = null

  /**
   * `credentials`: for connections that are about to be opened. `failed`: a local input cannot be read on; unlike a broker
   * it does not come back.
   */
  constructor(
    config: Config,
    clock: Clock,
    log: Pick<Log, 'line' | 'module'>,
    credentials: () => KafkaCredentials,
    failed: (error: unknown) => void,
  ) {
    this.#config = config
    this.#clock = clock
    this.#line = log.line
    this.#log = log.module('kafka')
    this.#credentials = credentials
    this.#failed = failed
  }

  /** Connections of its own to Kafka. Throws TypeError where the configuration has none. */
  cluster(): KafkaCluster {
    const { kafka, limits } = this.#config
    if (kafka === null) throw new TypeError('cannot use Kafka: this configuration has none')
    // A quarter goes in, and a quarter comes out: as much may each of them keep.
    const unusedBytes = limits.bufferBytes / 4
    const options = { ...kafka, clientId: clientIdOf(this.#config), renewed: this.#credentials, unusedBytes }
    return createCluster(options, this.#log, this.#clock)
  }

  /** Resolves when one answers; raises UNAVAILABLE after `waitMs`. */
  aBroker(waitMs: Millis, signal: AbortSignal): Promise<void> {
    const { brokers = [] } = this.#config.kafka ?? {}
    return waitForBroker({ cluster: this.cluster(), brokers, clock: this.#clock, waitMs, onProblem: this.#log, signal })
  }

  /** What `changed` leaves alone is taken over from `old`. */
  for(settings: StreamSettings, old: StreamSides | null, changed: ReadonlySet<ChangeClass>): StreamSides {
    const { input, output } = this.#config
    const deadLetterTopic = deadLetterTopicOf(settings)
    const reads = settings.protocol !== 'source'
    // A local input is read once, and a local output begins once: no topics of a document begin them anew.
    const sameInput = input.kind === 'file' || !changed.has('consumer')
    const sameOutput = output.kind === 'file' || old?.outputTopic === settings.outputTopic
    const sameLetters = output.kind === 'file' || old?.deadLetterTopic === deadLetterTopic
    const source = old && sameInput && reads === (old.protocol !== 'source') ? old.source : this.#source(settings)
    return {
      source,
      transactions: source === old?.source ? old.transactions : this.#transactions(source),
      sink: old && sameOutput ? old.sink : this.#sink(settings),
      letters: old && sameLetters ? old.letters : this.#letters(deadLetterTopic),
      encoding: old && !changed.has('producer') ? old.encoding : this.#encoding(settings),
      protocol: settings.protocol,
      topics: settings.inputTopics,
      outputTopic: settings.outputTopic,
      deadLetterTopic,
      json: settings.outputJson,
    }
  }

  /** One transactional id for everything that this agent writes, as long as it lives. */
  #transactions(source: RecordSource): Transactions | null {
    const session = this.#session
    return session && source instanceof KafkaSource ? new KafkaTransactions(session, source) : null
  }

  get #session(): TransactionSession | null {
    const { kafka } = this.#config
    const clocks = transactionClocks(this.#config)
    if (this.#begun || !clocks || !kafka) return this.#begun
    this.#begun = new TransactionSession({
      cluster: this.cluster(),
      transactionalId: transactionalIdOf(this.#config),
      groupId: kafka.groupId,
      timeoutMs: clocks.timeoutMs,
      clock: this.#clock,
      log: this.#log,
    })
    this.#begun.begin()
    return this.#begun
  }

  #encoding(settings: StreamSettings): OutputEncoding {
    const { consul, nodeId, instanceId, rules } = this.#config
    return new OutputEncoding(
      {
        format: settings.outputFormat,
        json: settings.outputJson,
        partition: rules.outputPartition,
        dropEmpty: rules.emptyAnswer === 'drop',
        source: `/${consul?.serviceName ?? nodeId ?? 'pidpiper'}/${instanceId}`,
        instanceId,
      },
      this.#clock,
    )
  }

  #source(settings: StreamSettings): RecordSource {
    const { input, kafka } = this.#config
    if (settings.protocol === 'source') return new IdleSource()
    if (input.kind === 'file') return this.#localSource(input.path)
    if (kafka === null) throw new TypeError('cannot read from Kafka: this configuration has none')
    const [clock, log] = [this.#clock, this.#log]
    return new KafkaSource({
      cluster: this.cluster(),
      topics: settings.inputTopics,
      from: settings.inputFrom,
      join: (owner) =>
        membershipIn(() => this.cluster(), {
          groupId: kafka.groupId,
          topics: settings.inputTopics,
          protocol: kafka.groupProtocol,
          ...(kafka.groupInstanceId !== null && { groupInstanceId: kafka.groupInstanceId }),
          leaveOnStop: kafka.leaveOnStop,
          sessionTimeoutMs: kafka.sessionTimeoutMs,
          owner,
          clock,
          log,
        }),
      clock,
      log,
    })
  }

  #localSource(path: string): RecordSource {
    const source = new FileSource({ path, stdin: process.stdin, clock: this.#clock })
    source.finished.catch(this.#failed)
    return source
  }

  #sink(settings: StreamSettings): RecordSink {
    const { output } = this.#config
    if (output.kind === 'file') return new FileSink({ path: output.path, stdout: process.stdout, clock: this.#clock })
    return settings.outputTopic === null
      ? new DiscardingSink(this.#clock)
      : new KafkaSink(this.#producing(settings.outputTopic))
  }

  #letters(topic: string | null): DeadLetterSink {
    const { output } = this.#config
    if (output.kind === 'file') {
      return output.path === '-'
        ? new ReportedDeadLetters((letter) => this.#report(letter), this.#clock)
        : new FileDeadLetters(`${output.path}.dead-letter`, this.#clock)
    }
    return new KafkaDeadLetterSink(this.#producing(topic ?? 'dead-letter'))
  }

  #producing(topic: string): SinkSettings {
    const compression = this.#config.kafka?.compression ?? 'none'
    const transaction = this.#session
    return { cluster: this.cluster(), topic, compression, clock: this.#clock, log: this.#log, transaction }
  }

  #report({ reason, facts, ...letter }: ReportedLetter): void {
    // A local stream has one worker.
    const process = namespec({ group: this.#config.calculator.group, name: calculatorName(0, 1) })
    const fields = { process, ...facts, ...letter, event: 'stream.dead-letter', reason } as const
    this.#line('error', `a record went to the dead letters: ${reason}`, fields)
  }
}
