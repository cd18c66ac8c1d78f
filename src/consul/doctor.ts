// What `pidpiper doctor` asks of Consul. Nothing is registered and nothing written.
import { ok, problem, warning, type Finding } from '../domain/finding.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import type { ConsulAnswer } from './calls.ts'
import type { ConsulClient } from './client.ts'
import { ConsulError, isRecord } from './errors.ts'
import type { Right } from './policy.ts'

export interface ConsulWanted {
  readonly client: ConsulClient
  readonly clock: Clock
  readonly hasToken: boolean
  /** What the agent's token must be allowed to do. */
  readonly rights: readonly Right[]
}

export interface ConsulSeen {
  readonly findings: readonly Finding[]
  /** False: there is no point in asking on. */
  readonly answers: boolean
}

const LIMIT: Millis = 5_000
const SOON: Millis = 14 * 86_400_000
/** The Date of an answer is a whole second, and took its time. */
const SKEW_TO_TELL: Millis = 5_000
/** Tokens and certificates begin to fail somewhere here. */
const SKEW_TO_CURE: Millis = 60_000

/** Never rejects but for a bug. */
export async function examineConsul(wanted: ConsulWanted): Promise<ConsulSeen> {
  const { client } = wanted
  const subject = `Consul at ${client.address}`
  try {
    const answer = await client.ask('/status/leader', { timeout: LIMIT })
    const reached =
      typeof answer.body === 'string' && answer.body !== ''
        ? ok('consul.reachable', subject, 'answers, and has a leader')
        : problem('consul.reachable', subject, 'answers, but has no leader', 'bring enough Consul servers back')
    const clock = judgeClock(answer, wanted.clock)
    return {
      answers: true,
      findings: [reached, ...clock, ...(await examineToken(wanted)), ...(await examineRights(wanted))],
    }
  } catch (error) {
    const seen = `cannot be used: ${textOf(error)}`
    return { answers: false, findings: [problem('consul.reachable', subject, seen, linkCure(error))] }
  }
}

function judgeClock({ headers }: ConsulAnswer, clock: Clock): Finding[] {
  const { date } = headers
  const theirs = typeof date === 'string' ? Date.parse(date) : Number.NaN
  if (Number.isNaN(theirs)) return []
  const skew = clock.wall() - theirs
  const size = Math.abs(skew)
  const [check, subject] = ['consul.clock', 'clock'] as const
  const seen = `${(size / 1000).toFixed(0)} s ${skew > 0 ? 'ahead of' : 'behind'} Consul's`
  const cure = 'let both machines follow the same time service (NTP)'
  if (size < SKEW_TO_TELL) return [ok(check, subject, "agrees with Consul's")]
  return [size < SKEW_TO_CURE ? warning(check, subject, seen, cure) : problem(check, subject, seen, cure)]
}

/** Whether Consul knows the token, and for how long. */
async function examineToken({ client, clock, hasToken }: ConsulWanted): Promise<Finding[]> {
  if (!hasToken) return []
  const [check, subject] = ['consul.token', 'token in CONSUL_HTTP_TOKEN'] as const
  try {
    const { body } = await client.ask('/acl/token/self', { timeout: LIMIT })
    const expires = isRecord(body) ? body['ExpirationTime'] : undefined
    if (typeof expires !== 'string') return [ok(check, subject, 'known to Consul')]
    const left = Date.parse(expires) - clock.wall()
    const seen = `known to Consul until ${expires}`
    return [
      left > SOON ? ok(check, subject, seen) : warning(check, subject, seen, 'put a new token into its place before'),
    ]
  } catch (error) {
    if (!(error instanceof ConsulError)) throw error
    // Without access control Consul answers 401 here, and ignores tokens.
    if (error.status === 401) return [ok(check, subject, 'not needed: this Consul has no access control')]
    const cure = 'set CONSUL_HTTP_TOKEN to the secret of a token that exists (pidpiper consul policy prints its policy)'
    return [problem(check, subject, `refused: ${textOf(error)}`, cure)]
  }
}

/** Consul's own judgement, as its web page asks for it; one that does not give it shows what is missing only at work. */
async function examineRights({ client, rights }: ConsulWanted): Promise<Finding[]> {
  const check = 'consul.rights'
  const asked = rights.map(({ resource, name, access }) => ({ Resource: resource, Segment: name, Access: access }))
  try {
    const { body } = await client.ask('/internal/acl/authorize', { body: asked, timeout: LIMIT })
    const allowed = Array.isArray(body) ? body.map((each: unknown) => isRecord(each) && each['Allow'] === true) : []
    return rights.map((right, index) => {
      const subject = `${right.resource}:${right.access} on "${right.name}"`
      return allowed[index] === true
        ? ok(check, subject, `granted: ${right.purpose}`)
        : problem(
            check,
            subject,
            `not granted: ${right.purpose}`,
            'give the token the policy that `pidpiper consul policy` prints',
          )
    })
  } catch (error) {
    if (!(error instanceof ConsulError)) throw error
    // 401: no access control. 403: the token itself is unknown, which is told already.
    if (error.status === 401 || error.status === 403) return []
    const cure = 'look at the log of the agent: it names the right that is missing'
    return [warning(check, 'rights', `cannot be asked for: ${textOf(error)}`, cure)]
  }
}

const textOf = (error: unknown): string => {
  if (error instanceof ConsulError) return error.subject
  throw error
}

function linkCure(error: unknown): string {
  const text = textOf(error)
  if (/name not found/.test(text)) return 'correct the host of CONSUL_DSN, or let the name server know it'
  if (/self.signed|unable to (verify|get)|SELF_SIGNED|UNABLE_TO/i.test(text))
    return 'put the authority that signed Consul’s certificate into CONSUL_CACERT'
  if (/altnames|ALTNAME/.test(text)) return 'set CONSUL_TLS_SERVER_NAME to a name that the certificate carries'
  if (/EPROTO|wrong version|ssl/i.test(text)) return 'write CONSUL_DSN as http://host:port, or name the HTTPS port'
  return 'start Consul, correct CONSUL_DSN, or open the way to it'
}
