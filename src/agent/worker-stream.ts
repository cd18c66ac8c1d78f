// The stream of one worker: what it needs of configuration, supervisor and operating system.
import type { Config } from '../config/config.ts'
import { namespec } from '../domain/process/spec.ts'
import type { EventRing } from '../engine/event-ring.ts'
import type { Clock, Spawner } from '../engine/ports.ts'
import type { StreamParts, StreamSides } from '../engine/stream/stream-parts.ts'
import { StreamProxy } from '../engine/stream/stream-proxy.ts'
import type { Supervisor } from '../engine/supervision/supervisor.ts'
import type { Log } from '../log.ts'
import { outOfMemoryKills } from '../os/out-of-memory.ts'
import { controlParts } from './control-channel.ts'
import { calculatorName } from './program.ts'
import { stdoutLog } from './stdout-log.ts'
import { transactionClocks } from './transaction-clocks.ts'

export interface WorkerStreamParts extends Pick<StreamParts, 'attempts' | 'crashed' | 'failed'> {
  readonly config: Config
  readonly clock: Clock
  readonly events: EventRing
  readonly spawner: Spawner
  readonly supervisor: Supervisor
  readonly log: Log
}

/** `worker`: from 0 to `workers` - 1, who share BUFFER_BYTES. */
export function workerStream(
  { config, clock, events, spawner, supervisor, log, ...hooks }: WorkerStreamParts,
  sides: StreamSides,
  worker: number,
  workers: number,
): StreamProxy {
  const { calculator, limits, rules } = config
  const name = namespec({ group: calculator.group, name: calculatorName(worker, workers) })
  return new StreamProxy(
    {
      ...hooks,
      namespec: name,
      clock,
      events,
      activity: (pid) => spawner.activity(pid),
      maxLine: limits.maxLine,
      bufferBytes: Math.floor(limits.bufferBytes / workers),
      checkpointIntervalMs: limits.checkpointIntervalMs,
      adoptionGraceMs: config.adoptionGraceMs,
      newlines: rules.newlines,
      unwrap: rules.inputFormat === 'auto',
      envelope: rules.calculatorInput === 'dataframe',
      atMostOnce: rules.delivery === 'at-most-once',
      transactionLimitMs: transactionClocks(config)?.limitMs ?? null,
      answerTimeoutMs: limits.answerTimeoutMs,
      stderrTail: () => spawner.stderrTail(name),
      oomKills: () => outOfMemoryKills(),
      logStdout: stdoutLog(log, name),
      replayable: config.input.kind === 'kafka',
      ...controlParts(config, log, name, () => supervisor.ready(name)),
      progressed: () => supervisor.progressed(name),
      broken: (pid) => supervisor.kill(name, pid),
    },
    sides,
  )
}
