// `pidpiper consul policy`: from the agent's variables to the rules.
import { problemsText, type CommandResult } from '../cli/check.ts'
import { consulSettings } from '../config/consul-settings.ts'
import { Findings } from '../config/findings.ts'
import type { Machine } from '../config/machine.ts'
import { readVariables, type Environment } from '../config/read.ts'
import { policyHcl, policyJson } from '../consul/policy.ts'
import { exitCodes } from '../domain/exit-codes.ts'

const used: readonly string[] = ['NODE_ID', 'CONSUL_NAME_TPL', 'CONSUL_DIR', 'CONSUL_NAMESPACE']

/** Where Consul is, is of no account: the policy may be made before there is one. */
export function consulPolicy(environment: Environment, machine: Machine, json: boolean): CommandResult {
  const anywhere = { ...environment, CONSUL_DSN: '127.0.0.1:8500', CONSUL_DSN_FILE: '' }
  const findings = new Findings(readVariables(anywhere, machine), {}, anywhere, machine)
  if (!findings.isSet('NODE_ID')) findings.problem('NODE_ID', 'is needed: the workspace id given by the platform')
  const problems = findings.problems.filter(({ name }) => used.includes(name))
  const consul = consulSettings(findings, false)
  if (problems.length > 0 || consul === null)
    return { stdout: '', stderr: problemsText(problems, ''), exitCode: exitCodes.badConfiguration }
  return { stdout: json ? policyJson(consul) : policyHcl(consul), stderr: '', exitCode: 0 }
}
