// Who this agent is: the workspace (NODE_ID), which replicas share, and the instance, which they do not.
import type { Findings } from './findings.ts'

/**
 * NODE_ID is needed where others see it: in Kafka and in Consul. INSTANCE_ID falls back to POD_NAME, then to the host
 * name.
 */
export function checkIdentity(
  findings: Findings,
  kafkaIsUsed: boolean,
): { readonly nodeId: string | null; readonly instanceId: string } {
  const { values, machine } = findings
  const seen = [
    ...(kafkaIsUsed && findings.isSet('KAFKA_DSN') ? ['KAFKA_DSN'] : []),
    ...(findings.isSet('CONSUL_DSN') ? ['CONSUL_DSN'] : []),
  ]
  if (!findings.isSet('NODE_ID') && seen.length > 0) {
    findings.problem('NODE_ID', `is needed with ${seen.join(' and ')}: the workspace id given by the platform`)
  }
  if (values.NODE_ID !== null && !isDnsLabel(values.NODE_ID)) {
    findings.warn(`NODE_ID=${values.NODE_ID} is no DNS label: Consul's DNS will not find the service by name`)
  }
  return { nodeId: values.NODE_ID, instanceId: values.INSTANCE_ID ?? values.POD_NAME ?? machine.hostName() }
}

const isDnsLabel = (word: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(word)
