// How this agent calls itself towards Kafka.
import type { Config } from '../config/config.ts'

export const clientIdOf = ({ instanceId }: Pick<Config, 'instanceId'>): string => `pidpiper-${instanceId}`

/** One for everything that this agent writes in transactions. */
export const transactionalIdOf = ({
  kafka,
  nodeId,
  instanceId,
}: Pick<Config, 'kafka' | 'nodeId' | 'instanceId'>): string => `${kafka?.groupId ?? ''}-${nodeId ?? ''}-${instanceId}`
