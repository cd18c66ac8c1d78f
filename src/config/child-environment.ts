// The environment of the Calculator: the container's own, without the secrets that are only the agent's.
import { maskDsn } from './addresses.ts'
import type { Environment } from './read.ts'
import { fileForms } from './read.ts'
import { laterVariables, variableList } from './variables.ts'

/**
 * Everything in `environment` but: each variable that is a secret or leads to one (a private key), with its `_FILE`
 * form; KAFKA_DSN and CONSUL_DSN where they carry credentials. PYTHONUNBUFFERED=1 is added unless set.
 * @param only names that CHILD_ENV keeps; null keeps all. PATH always stays, since programs are found by it.
 */
export function childEnvironment(environment: Environment, only: readonly string[] | null): Record<string, string> {
  const kept = Object.entries(environment).flatMap(([name, value]): [string, string][] => {
    const wanted = only === null || only.includes(name) || name === 'PATH'
    return value === undefined || !wanted || isWithheld(name, value) ? [] : [[name, value]]
  })
  return Object.fromEntries([['PYTHONUNBUFFERED', '1'], ...kept])
}

const secrecies = new Map<string, string | null>(variableList.map(([name, variable]) => [name, variable.secrecy]))

function isWithheld(name: string, value: string): boolean {
  if (fileForms.has(name) || laterVariables[name] === true) return true
  const secrecy = secrecies.get(name) ?? null
  return secrecy === 'credentials' ? maskDsn(value) !== value : secrecy !== null
}
