import type { Config } from '../config/config.ts'

/** What no line may show: the log masks it by value. */
export function secretsOf({ kafka, consul }: Pick<Config, 'kafka' | 'consul'>): string[] {
  const sasl = kafka?.sasl ?? null
  const login = sasl === null ? null : 'token' in sasl ? sasl.token : sasl.password
  return [login, consul?.token ?? null].filter((secret) => secret !== null)
}
