import type { CredentialValues } from '../config/credentials.ts'

/** What no line may show: the log masks it by value. */
export function secretsOf({ kafka, consul }: CredentialValues): string[] {
  const sasl = kafka?.sasl ?? null
  const login = sasl === null ? null : 'token' in sasl ? sasl.token : sasl.password
  return [login, consul?.token ?? null].filter((secret) => secret !== null)
}
