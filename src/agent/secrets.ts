import type { Config } from '../config/config.ts'
import type { CredentialValues } from '../config/credentials.ts'

/** What no line may show: the log masks it by value. `control`: of the agent's own control, which does not change. */
export function secretsOf({ kafka, consul, control }: CredentialValues & Partial<Pick<Config, 'control'>>): string[] {
  const sasl = kafka?.sasl ?? null
  const login = sasl === null ? null : 'token' in sasl ? sasl.token : sasl.password
  const ours = control ? [control.token, control.readToken, control.login?.password ?? null] : []
  return [login, consul?.token ?? null, ...ours].filter((secret) => secret !== null)
}
