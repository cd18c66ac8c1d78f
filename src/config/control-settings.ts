// Who may control the agent, and over what.
import type { Findings } from './findings.ts'

export interface ControlSettings {
  /** `default`: the first place of ours that can be had; null: no socket. */
  readonly socket: 'default' | { readonly path: string } | null
  /** Who may do everything. */
  readonly token: string | null
  /** Who may look at everything. */
  readonly readToken: string | null
  /** As `token`, for browsers and supervisorctl. */
  readonly login: { readonly user: string; readonly password: string } | null
}

/** Shorter ones can be guessed. */
const SHORTEST = 16

/** From CONTROL_*. Half a login, two tokens that are one, or one that no header can carry is a problem. */
export function controlSettings(findings: Findings): ControlSettings {
  const { values } = findings
  const { CONTROL_TOKEN: token, CONTROL_READ_TOKEN: readToken, CONTROL_USER: user, CONTROL_PASSWORD: password } = values
  for (const name of ['CONTROL_TOKEN', 'CONTROL_READ_TOKEN'] as const) checkToken(findings, name)
  if (token !== null && token === readToken) {
    findings.problem('CONTROL_READ_TOKEN', 'should differ from CONTROL_TOKEN, or it could do everything')
  }
  if (findings.isSet('CONTROL_USER') !== findings.isSet('CONTROL_PASSWORD')) {
    findings.problem(
      findings.isSet('CONTROL_USER') ? 'CONTROL_PASSWORD' : 'CONTROL_USER',
      'is needed: CONTROL_USER and CONTROL_PASSWORD go together',
    )
  }
  if (user?.includes(':') === true)
    findings.problem('CONTROL_USER', 'should have no colon, which ends a user name in HTTP')
  const login = user === null || password === null ? null : { user, password }
  if (values.HTTP_LISTEN === null && (token ?? readToken ?? login) !== null) {
    findings.warn('CONTROL_TOKEN, CONTROL_READ_TOKEN and CONTROL_USER without effect: HTTP_LISTEN is off')
  }
  return { socket: socketOf(values.CONTROL_SOCKET), token, readToken, login }
}

function checkToken(findings: Findings, name: 'CONTROL_TOKEN' | 'CONTROL_READ_TOKEN'): void {
  const token = findings.values[name]
  if (token === null) return
  if (!/^[\x21-\x7e]+$/.test(token)) {
    findings.problem(name, 'should be printable ASCII without blanks: a header has to carry it')
  } else if (token.length < SHORTEST) {
    findings.warn(
      `${name} has fewer than ${SHORTEST} characters and can be guessed; openssl rand -hex 32 makes a good one`,
    )
  }
}

const socketOf = (value: string | null): ControlSettings['socket'] =>
  value === null ? 'default' : value === 'off' ? null : { path: value }
