// The rights that the agent's token needs, and no more: what it registers and the key that it reads.

export interface Right {
  readonly resource: 'service' | 'key'
  readonly name: string
  readonly access: 'read' | 'write'
  /** What it is for. */
  readonly purpose: string
}

export interface PolicyFacts {
  readonly serviceName: string
  readonly documentKey: string
  /** Consul Enterprise; null: none. */
  readonly namespace: string | null
}

/** All rights of the ACL that an agent uses, with what for. */
export const neededRights = ({ serviceName, documentKey }: PolicyFacts): readonly Right[] => [
  { resource: 'service', name: serviceName, access: 'write', purpose: 'register, report and deregister the service' },
  { resource: 'key', name: documentKey, access: 'read', purpose: 'read and follow the run document' },
]

/** The rules in HCL, as `consul acl policy create -rules` takes them. */
export function policyHcl(facts: PolicyFacts): string {
  const rules = neededRights(facts).map(
    ({ resource, name, access, purpose }) =>
      `# to ${purpose}\n${resource} ${quoted(name)} {\n  policy = "${access}"\n}\n`,
  )
  if (facts.namespace === null) return rules.join('\n')
  const inside = rules.join('\n').replace(/^(?=.)/gm, '  ')
  return `namespace ${quoted(facts.namespace)} {\n${inside}}\n`
}

/** The same rules in JSON, which Consul takes too. */
export function policyJson(facts: PolicyFacts): string {
  const rules: Record<string, Record<string, { policy: string }>> = {}
  for (const { resource, name, access } of neededRights(facts)) rules[resource] = { [name]: { policy: access } }
  const whole = facts.namespace === null ? rules : { namespace: { [facts.namespace]: rules } }
  return `${JSON.stringify(whole, null, 2)}\n`
}

/** Names hold no control characters: quotes and backslashes are all that HCL must be told of. */
const quoted = (name: string): string => `"${name.replace(/[\\"]/g, '\\$&')}"`
