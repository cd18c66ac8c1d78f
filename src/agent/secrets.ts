import type { Config } from '../config/config.ts'
import type { CredentialValues } from '../config/credentials.ts'

/** What no line may show: the log masks it by value. */
export function secretsOf({ kafka, consul, control }: CredentialValues & Partial<Pick<Config, 'control'>>): string[] {
  const sasl = kafka?.sasl ?? null
  const login = sasl === null ? null : 'token' in sasl ? sasl.token : sasl.password
  const keys = [control?.token, control?.readToken, control?.login?.password]
  return [login, consul?.token, ...keys].filter((secret) => typeof secret === 'string')
}
