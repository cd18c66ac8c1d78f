// The consumer group: who is in it already, and whether this agent can join them.
import { ok, problem, type Finding } from '../../domain/finding.ts'
import { BrokerError, refuse } from '../broker-error.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import type { KafkaCluster } from '../cluster.ts'
import { explain } from '../errors.ts'
import { Coordinator } from '../group/coordinator.ts'
import { describeGroup, type GroupDescription } from '../group/describe.ts'
import { offered, type GroupProtocol } from '../group/leader.ts'
import { findCoordinator } from '../group/requests.ts'
import { initProducerId } from '../protocol/init-producer-id.ts'
import { may } from '../protocol/permissions.ts'

export interface GroupWanted {
  readonly groupId: string
  readonly protocol: GroupProtocol
  /** Null: a dynamic member. */
  readonly instanceId: string | null
  /** What a running agent of this name calls itself towards the brokers. */
  readonly clientId: string
}

/** Rejects as KafkaCluster.send. */
export async function examineGroup(cluster: KafkaCluster, wanted: GroupWanted, clock: Clock): Promise<Finding[]> {
  const subject = `consumer group ${wanted.groupId}`
  const coordinator = new Coordinator({ joining: cluster, talking: cluster }, wanted.groupId)
  try {
    const group = await askAgain(clock, () => coordinator.ask(describeGroup(wanted.groupId)))
    return judgeGroup(subject, group, wanted)
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    const forbidden = error.type === 'GROUP_AUTHORIZATION_FAILED'
    const cure = forbidden ? `grant READ and DESCRIBE on consumer group ${wanted.groupId} to this login` : LOOK_AFTER
    return [problem('kafka.group', subject, explain(error), cure)]
  }
}

/** A coordinator that loads its groups, or is just found, answers a little later. */
async function askAgain<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof BrokerError) || !error.retriable || tries === TRIES) throw error
      await wait(clock, PAUSE)
    }
  }
}

const TRIES = 12
const PAUSE: Millis = 500

/** Whether an idempotent producer is permitted; `transactionalId` null: no transactions. Rejects as KafkaCluster.send. */
export async function examineProducer(
  cluster: KafkaCluster,
  transactionalId: string | null,
  clock: Clock,
): Promise<Finding[]> {
  const identified = async (): Promise<void> => refuse((await cluster.sendToAny(initProducerId(null))).error)
  const findings = [
    await judge('kafka.producer', 'producer', clock, identified, {
      seen: 'may write with sequence numbers',
      cure: 'grant IDEMPOTENT_WRITE on the cluster to this login, or WRITE on the output topic (Kafka 2.8)',
    }),
  ]
  if (transactionalId === null) return findings
  const coordinated = async (): Promise<void> => {
    const { error, detail } = await cluster.sendToAny(findCoordinator(transactionalId, 'transaction'))
    refuse(error, detail)
  }
  const transactions = await judge('kafka.transactions', `transactional id ${transactionalId}`, clock, coordinated, {
    seen: 'its coordinator may be asked for',
    cure: `grant DESCRIBE and WRITE on transactional id ${transactionalId} to this login`,
  })
  return [...findings, transactions]
}

async function judge(
  check: Finding['check'],
  subject: string,
  clock: Clock,
  ask: () => Promise<void>,
  { seen, cure }: { readonly seen: string; readonly cure: string },
): Promise<Finding> {
  try {
    await askAgain(clock, ask)
    return ok(check, subject, seen)
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    return problem(check, subject, explain(error), error.type.includes('AUTHORIZATION') ? cure : LOOK_AFTER)
  }
}

const LOOK_AFTER = 'look after the brokers: the one that is responsible must answer'

function judgeGroup(subject: string, group: GroupDescription, wanted: GroupWanted): Finding[] {
  const { state, protocolType, protocol, members, permitted } = group
  if (!may(permitted, 'READ')) {
    const cure = `grant READ on consumer group ${wanted.groupId} to this login`
    return [problem('kafka.group', subject, 'this login may not READ it', cure)]
  }
  if (members.length === 0) return [ok('kafka.group', subject, state === 'Dead' ? 'new' : 'no members now')]
  if (protocolType !== 'consumer') {
    const seen = `is used by programs of another kind (${protocolType || 'unknown'})`
    return [problem('kafka.group', subject, seen, 'set KAFKA_CONSUMER_GROUP to a group of its own')]
  }
  const ours = offered[wanted.protocol]
  if (protocol !== '' && !ours.includes(protocol)) {
    const other = (Object.keys(offered) as GroupProtocol[]).find((name) => offered[name].includes(protocol))
    const seen = `its ${count(members.length)} share by ${protocol}, this agent by ${ours.join(' or ')}`
    const cure = other
      ? `set GROUP_PROTOCOL=${other}, or KAFKA_CONSUMER_GROUP to a group of its own`
      : 'set KAFKA_CONSUMER_GROUP to a group of its own'
    return [problem('kafka.group', subject, seen, cure)]
  }
  const joined = ok(
    'kafka.group',
    subject,
    `${state.toLowerCase()}, ${count(members.length)}${protocol && ` by ${protocol}`}`,
  )
  return [joined, ...judgeStaticMember(group, wanted)]
}

const count = (members: number): string => (members === 1 ? '1 member' : `${members} members`)

function judgeStaticMember({ members }: GroupDescription, { instanceId, clientId }: GroupWanted): Finding[] {
  const holder = instanceId === null ? undefined : members.find((member) => member.instanceId === instanceId)
  if (!holder) return []
  const subject = `GROUP_INSTANCE_ID ${instanceId ?? ''}`
  const who = `${holder.clientId} at ${holder.clientHost.replace(/^\//, '')}`
  if (holder.clientId === clientId) return [ok('kafka.static-member', subject, `held by this agent (${who})`)]
  const cure = 'give every replica a GROUP_INSTANCE_ID of its own: two with one name throw each other out'
  return [problem('kafka.static-member', subject, `is held by ${who}`, cure)]
}
