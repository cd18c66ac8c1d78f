// Environment variables that look like ours and are not: the cheapest mistake to make and the hardest to see.
import { edits } from '../domain/nearest-name.ts'
import type { Environment } from './read.ts'
import { fileForms } from './read.ts'
import type { VariableName } from './variables.ts'
import { laterVariables, variables } from './variables.ts'

/** Names that people bring from other tools, and what to use here. */
const brought: Readonly<Record<string, string>> = {
  KAFKA_ADDR: 'KAFKA_DSN',
  KAFKA_BOOTSTRAP: 'KAFKA_DSN',
  KAFKA_BOOTSTRAP_SERVER: 'KAFKA_DSN',
  KAFKA_BOOTSTRAP_SERVERS: 'KAFKA_DSN',
  KAFKA_BROKER: 'KAFKA_DSN',
  KAFKA_BROKERS: 'KAFKA_DSN',
  KAFKA_BROKER_LIST: 'KAFKA_DSN',
  KAFKA_HOST: 'KAFKA_DSN',
  KAFKA_URL: 'KAFKA_DSN',
  KAFKA_GROUP: 'KAFKA_CONSUMER_GROUP',
  KAFKA_GROUP_ID: 'KAFKA_CONSUMER_GROUP',
  KAFKA_CONSUMER_GROUP_ID: 'KAFKA_CONSUMER_GROUP',
  KAFKA_TOPIC: 'INPUT_TOPICS',
  KAFKA_TOPICS: 'INPUT_TOPICS',
  KAFKA_INPUT_TOPIC: 'INPUT_TOPICS',
  KAFKA_INPUT_TOPICS: 'INPUT_TOPICS',
  KAFKA_OUTPUT_TOPIC: 'OUTPUT_TOPIC',
  KAFKA_SECURITY_PROTOCOL: 'KAFKA_TLS',
  KAFKA_SSL: 'KAFKA_TLS',
  KAFKA_USER: 'KAFKA_SASL_USERNAME',
  KAFKA_USERNAME: 'KAFKA_SASL_USERNAME',
  KAFKA_SASL_USER: 'KAFKA_SASL_USERNAME',
  KAFKA_PASSWORD: 'KAFKA_SASL_PASSWORD',
  CONSUL_ADDR: 'CONSUL_DSN',
  CONSUL_ADDRESS: 'CONSUL_DSN',
  CONSUL_HOST: 'CONSUL_DSN',
  CONSUL_HTTP_ADDR: 'CONSUL_DSN',
  CONSUL_URL: 'CONSUL_DSN',
  CONSUL_HTTP_SSL: 'CONSUL_DSN',
  CONSUL_TOKEN: 'CONSUL_HTTP_TOKEN',
  CALCULATOR: 'PROGRAM',
  CALCULATOR_BIN: 'PROGRAM',
  CALCULATOR_PROGRAM: 'PROGRAM',
  CALCULATOR_ARGS: '--args',
  CALCULATOR_RETRIES: 'CALCULATOR_STARTRETRIES',
  PROGRAM_ARGS: '--args',
  SHUTDOWN_GRACE: 'SHUTDOWN_GRACEPERIOD',
  SHUTDOWN_TIMEOUT: 'SHUTDOWN_GRACEPERIOD',
  ADOPTION_GRACE: 'ADOPTION_GRACEPERIOD',
  DLQ_TOPIC: 'DEAD_LETTER_TOPIC',
  DEADLETTER: 'DEAD_LETTER_TOPIC',
  HTTP_ADDR: 'HTTP_LISTEN',
  WORKSPACE_ID: 'NODE_ID',
} satisfies Record<string, VariableName | '--args'>

/** Names of other tools that are one or two letters from ours. */
const innocent = new Set(['NODE_ENV', 'NODE_IP', 'NODE_PATH', 'POD_ID', 'POD_UID', 'POD_IPS', 'LOG_FILE'])

const ours = [...Object.keys(variables), ...Object.keys(laterVariables), ...fileForms.keys()]
const known = new Set(ours)
const firstWord = (name: string): string => name.split('_', 1)[0] ?? ''

/** One warning for each variable that looks like a misspelt one of ours; values are never shown. */
export function misspelt(environment: Environment): string[] {
  return Object.keys(environment).flatMap((name) => {
    const meant = nearest(name)
    return meant === null || environment[name] === '' ? [] : [`${name} is not known and has no effect: use ${meant}`]
  })
}

function nearest(name: string): string | null {
  if (known.has(name) || innocent.has(name)) return null
  if (Object.hasOwn(brought, name)) return brought[name] ?? null
  const plain = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : ''
  if (Object.hasOwn(variables, plain)) return `${plain}, which has no _FILE form`
  const [best] = ours
    .map((candidate) => ({ candidate, rank: rank(name.toUpperCase(), candidate) }))
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank)
  return best?.candidate ?? null
}

/** How far `name` is from `candidate`, 0 for equal; Infinity when nobody would take one for the other. */
function rank(name: string, candidate: string): number {
  if (joined(name) === joined(candidate)) return 0
  if (!sameStart(firstWord(name), firstWord(candidate))) return Infinity
  const away = edits(name, candidate)
  if (away <= 2) return away
  if (name.includes('_') && candidate.startsWith(name)) return 10 + away
  return candidate.includes('_') && name.startsWith(candidate) && away <= 4 ? 20 + away : Infinity
}

/** LOGLEVEL and PIDPIPER_LOG_LEVEL are LOG_LEVEL. */
const joined = (name: string): string => name.replace(/^PIDPIPER_/, '').replaceAll('_', '')

/** Equal first words, or long ones with a slip (LS_COLORS is no LOG_COLORS, NODE_NAME no POD_NAME). */
const sameStart = (word: string, candidate: string): boolean => {
  if (word === candidate) return candidate !== 'POD'
  const isLong = word.length >= 5 && candidate.length >= 5
  // An orchestrator sets thousands of variables: most are told apart by their length.
  return isLong && Math.abs(word.length - candidate.length) <= 2 && edits(word, candidate) <= 2
}
