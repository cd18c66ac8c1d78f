import type { RunFlags } from '../../cli/arguments.ts'
import type { Environment } from '../../config/read.ts'

/** What says that there is a Calculator; the flags of the stream do, too. */
const streamVariables = ['PROGRAM', 'KAFKA_DSN', 'CONSUL_DSN', 'INPUT_TOPICS', 'OUTPUT_TOPIC'] as const

/** Whether beside a supervisord configuration a Calculator is asked for. */
export const hasStream = (environment: Environment, flags: RunFlags): boolean =>
  Object.keys(flags).length > 0 || streamVariables.some((name) => Boolean(environment[name]))
