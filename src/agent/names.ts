// How this agent calls itself towards Kafka.
import type { Config } from '../config/config.ts'

/** The client id of every connection: what a broker's log and its quotas know the agent by. */
export const clientIdOf = ({ instanceId }: Pick<Config, 'instanceId'>): string => `pidpiper-${instanceId}`

/** One for everything that this agent writes in transactions. */
export const transactionalIdOf = ({
  kafka,
  nodeId,
  instanceId,
}: Pick<Config, 'kafka' | 'nodeId' | 'instanceId'>): string => `${kafka?.groupId ?? ''}-${nodeId ?? ''}-${instanceId}`
