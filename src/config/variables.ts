// The table of every variable: nothing else says what a variable is called, means, accepts or defaults to.
// `.env.example` and `docs/variables.md` are made from it.
import { dealings, WORKERS_MAX } from '../domain/stream/dealing.ts'
import { protocolNames } from '../domain/stream/settings.ts'
import { consulDsn, kafkaDsn, listenAddress } from './addresses.ts'
import type { ValueType } from './types.ts'
import * as types from './types.ts'

/**
 * `value`: a secret. `credentials`: an address that may carry one. Both have a `_FILE` form.
 * `path`: leads to a private key. All three are kept from the Calculator (child-environment.ts).
 */
export type Secrecy = 'value' | 'credentials' | 'path'

export const groups = {
  agent: 'Agent',
  streams: 'Streams',
  calculator: 'Calculator',
  kafka: 'Kafka',
  consul: 'Consul',
  outside: 'Health, control and logs',
} as const

type Group = keyof typeof groups

export interface Variable<T> {
  readonly group: Group
  readonly type: ValueType<T>
  /** Text as it would stand in the environment; null: there is none, and `unset` says what happens then. */
  readonly default: string | null
  readonly unset: string
  readonly says: string
  readonly secrecy: Secrecy | null
}

/** A variable with a default value. */
const given = <T>(group: Group, type: ValueType<T>, byDefault: string, says: string) =>
  ({ group, type, default: byDefault, unset: '', says, secrecy: null }) as const satisfies Variable<T>

/** A variable that may stay unset. */
const open = <T>(group: Group, type: ValueType<T>, unset: string, says: string, secrecy: Secrecy | null = null) =>
  ({ group, type, default: null, unset, says, secrecy }) as const satisfies Variable<T>

const {
  absolutePath,
  address,
  boolean,
  bytes,
  choice,
  duration,
  identity,
  integer,
  listOf,
  opaque,
  pathOrOff,
  pattern,
  text,
} = types

const serviceTemplate = pattern('template', /^[^%]*%s[^%]*$/, 'a name with exactly one %s')
const directory = pattern(
  'KV folder',
  /^[^\s\p{Cc}]*[^\s\p{Cc}/][^\s\p{Cc}]*$/u,
  'a Consul KV folder such as buldozer/subordinate',
)
const supervisordName = pattern('name', /^[^\s:/[\]\p{Cc}]+$/u, 'a name without blanks, colons, slashes and brackets')
const variableName = pattern('variable name', /^[^\s=\p{Cc}]+$/u, 'names of environment variables')
const logLevel = types.synonym(
  {
    fatal: 'fatal',
    critical: 'fatal',
    error: 'error',
    warn: 'warn',
    warning: 'warn',
    info: 'info',
    debug: 'debug',
    trace: 'trace',
    blather: 'trace',
    silent: 'silent',
  } as const,
  ['fatal', 'critical', 'error', 'warn', 'warning', 'info', 'debug', 'trace', 'blather', 'silent'],
)
const autorestart = types.synonym(
  {
    true: true,
    1: true,
    yes: true,
    on: true,
    unexpected: 'unexpected',
    false: false,
    0: false,
    no: false,
    off: false,
  } as const,
  ['true', 'unexpected', 'false'],
)

// prettier-ignore
export const variables = {
  NODE_ID: open('agent', identity, 'required with Kafka or Consul', 'Workspace id given by the platform; replicas share it.'),
  INSTANCE_ID: open('agent', identity, 'POD_NAME, then the host name', 'Tells replicas of one workspace apart.'),
  PLATFORM_VERSION: open('agent', text, 'not shown', 'Version of the platform, shown in Consul, /status and the build metric.'),
  POD_NAME: open('agent', identity, 'not used', 'Name of the pod, from the Kubernetes downward API.'),
  POD_IP: open('agent', address, 'not used', 'Address of the pod, from the Kubernetes downward API.'),
  STATE_DIR: open('agent', absolutePath, 'no copy is kept', 'Folder for the last good run document, used when Consul cannot be reached at start.'),
  ADOPTION_GRACEPERIOD: given('agent', duration(), '3s', 'How long records in work may take to finish when the configuration changes or the agent stops.'),
  SHUTDOWN_GRACEPERIOD: given('agent', duration(), '3s', 'How long the Calculator has to end after its input was closed: SIGTERM at the half, SIGKILL at the end.'),
  BUFFER_BYTES: open('agent', bytes, 'the smaller of 64MiB and a quarter of the cgroup\'s memory', 'Room shared by all records that are fetched, in work or not yet produced.'),
  MAX_LINE: given('agent', bytes, '1MiB', 'Longest line taken from the Calculator; a longer one is dead-lettered.'),
  CHECKPOINT_INTERVAL: given('agent', duration(100), '5s', 'How often answers are settled and offsets committed.'),

  CONFIG_FILE: open('agent', text, 'no programs besides the Calculator', 'A supervisord configuration, as with -c.'),
  INPUT_TOPICS: open('streams', listOf(types.topic, 'list of topics'), 'the run document', 'Topics whose records the Calculator reads.'),
  INPUT_FROM: given('streams', types.position, 'earliest', 'Where a consumer group without a committed offset begins.'),
  INPUT_FORMAT: given('streams', choice('auto', 'raw'), 'auto', 'auto hands on the data of our own dataframes, raw every value as it is.'),
  INPUT_NEWLINES: given('streams', choice('json', 'escape', 'split', 'dead-letter'), 'json', 'What becomes of a value with newlines inside; json makes blanks of them in JSON and dead-letters the rest.'),
  OUTPUT_TOPIC: open('streams', types.topic, 'the run document, else no output', 'Topic that gets the lines the Calculator writes.'),
  OUTPUT_FORMAT: given('streams', choice('dataframe', 'raw'), 'dataframe', 'dataframe wraps each line in a CloudEvents JSON event, raw sends its bytes.'),
  OUTPUT_JSON: given('streams', boolean, 'false', 'Embed each line as JSON in the dataframe instead of as a string.'),
  OUTPUT_PARTITION: open('streams', choice('key', 'same', 'sticky'), 'by the key, without one by the protocol', 'Which partition an answer goes to: by its key, the one of its record, or one for each batch.'),
  EMPTY_ANSWER: given('streams', choice('record', 'drop'), 'record', 'Whether an empty line is an empty record or no answer.'),
  DEAD_LETTER_TOPIC: open('streams', types.topic, '<OUTPUT_TOPIC>.dead-letter, without one <first input topic>.dead-letter', 'Topic for records that cannot be processed or delivered; none of INPUT_TOPICS.'),
  DEAD_LETTER_ATTEMPTS: given('streams', integer(1), '3', 'How many Calculators a record may kill, alone in work, before it is dead-lettered.'),
  PROTOCOL: given('streams', choice(...protocolNames), 'relay', 'Which lines answer which records: relay assumes nothing, with one-to-one line k answers record k; see docs/protocols.md.'),
  DELIVERY: given('streams', choice('at-least-once', 'at-most-once', 'exactly-once'), 'at-least-once', 'at-most-once commits before the Calculator gets a record: some may be lost. exactly-once writes answers and offsets in Kafka transactions; see docs/delivery.md.'),
  CALCULATOR_INPUT: given('streams', choice('value', 'dataframe'), 'value', 'dataframe hands each record over as one JSON line with id, topic, partition, offset, key, headers, time and data.'),
  ANSWER_TIMEOUT: open('streams', duration(1_000), 'no limit, a warning after 30s', 'How long the Calculator may show no sign of work on its records before it is restarted.'),
  RUN_DOCUMENT_ALLOW: given('streams', types.listOrNone(listOf(choice('streams', 'calculator'))), 'streams,calculator', 'What the run document may set; see docs/run-document.md.'),

  PROGRAM: open('calculator', text, '--bin or the run document', 'Calculator: an absolute path or a name in PATH; its arguments go to --args.'),
  WORKERS: given('calculator', integer(1, WORKERS_MAX), '1', 'How many Calculators share the input; see docs/protocols.md.'),
  WORKERS_BY: given('calculator', choice(...dealings), 'partition', 'With several workers: each partition belongs to one of them, or all records with one key do.'),
  CALCULATOR_GROUP: given('calculator', supervisordName, 'calculator', 'Name of the process group the Calculator belongs to.'),
  CALCULATOR_AUTORESTART: given('calculator', autorestart, 'true', 'Restart the Calculator always, after an unexpected exit, or never.'),
  CALCULATOR_STARTSECS: given('calculator', duration(), '1s', 'How long the Calculator must live to count as started.'),
  CALCULATOR_STARTRETRIES: given('calculator', integer(-1), '-1', 'How often a failed start is tried again before FATAL; -1 goes on for ever.'),
  CALCULATOR_BACKOFF_MAX: given('calculator', duration(1), '30s', 'Longest wait between two starts.'),
  CALCULATOR_EXITCODES: given('calculator', listOf(integer(0, 255), 'list of exit codes'), '0', 'Exit codes that are expected.'),
  EXIT_ON: given('calculator', choice('never', 'fatal', 'exit'), 'never', 'When the agent leaves with the Calculator\'s exit code; fatal needs a CALCULATOR_STARTRETRIES that is not -1.'),
  CHILD_STDOUT: given('calculator', choice('as-is', 'line', 'pty'), 'as-is', 'For programs that do not flush: line preloads coreutils\' stdbuf library, so that C programs flush after each line; pty makes their stdout a terminal; see docs/protocols.md.'),
  CHILD_CONTROL: open('calculator', types.listOrNone(listOf(choice('ready', 'ack', 'notify'))), 'there is a channel, and nothing is waited for', 'The control channel (descriptor BDZ_CONTROL_FD): ready waits for that message before anything is fed, ack lets a sink say what it keeps, notify adds a socket for sd_notify; none gives no channel; see docs/protocols.md.'),
  CHILD_ENV: open('calculator', types.listOrNone(listOf(variableName, 'list of variables')), 'all but our secrets', 'Variables the Calculator gets besides PATH.'),

  KAFKA_DSN: open('kafka', kafkaDsn, 'needed unless --in and --out', 'Brokers: host:port[,host:port…], kafka://user:password@host:port or kafka+tls://host:port.', 'credentials'),
  KAFKA_CONSUMER_GROUP: given('kafka', text, 'bdz_default_sg', 'Consumer group.'),
  KAFKA_TLS: open('kafka', boolean, 'true with kafka+tls://', 'Connect with TLS.'),
  KAFKA_TLS_CA_FILE: open('kafka', absolutePath, 'the built-in authorities', 'PEM file with the authorities to trust.'),
  KAFKA_TLS_CERT_FILE: open('kafka', absolutePath, 'no client certificate', 'PEM file with the client certificate.'),
  KAFKA_TLS_KEY_FILE: open('kafka', absolutePath, 'no client certificate', 'PEM file with the key of the client certificate.', 'path'),
  KAFKA_TLS_SERVER_NAME: open('kafka', address, 'the broker\'s host name', 'Name the broker\'s certificate must carry.'),
  KAFKA_SASL_MECHANISM: given('kafka', choice('plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'), 'plain', 'How to log in when there are credentials.'),
  KAFKA_SASL_USERNAME: open('kafka', text, 'no login', 'User name.'),
  KAFKA_SASL_PASSWORD: open('kafka', opaque, 'no login', 'Password.', 'value'),
  KAFKA_SASL_TOKEN: open('kafka', opaque, 'no login', 'Bearer token for oauthbearer.', 'value'),
  KAFKA_COMPRESSION: given('kafka', choice('none', 'gzip', 'snappy', 'lz4', 'zstd'), 'none', 'Compression of what is produced.'),
  KAFKA_SESSION_TIMEOUT: given('kafka', duration(1_000), '45s', 'After this silence the broker gives our partitions to others.'),
  GROUP_PROTOCOL: given('kafka', choice('cooperative', 'eager'), 'cooperative', 'How partitions change hands: cooperative keeps what stays, eager (range, round-robin) goes with members that cannot.'),
  GROUP_INSTANCE_ID: open('kafka', text, 'a member that leaves on stop', 'Static membership: a restart within KAFKA_SESSION_TIMEOUT causes no rebalance. Every replica needs its own.'),
  LEAVE_ON_STOP: given('kafka', boolean, 'false', 'With a GROUP_INSTANCE_ID: leave the consumer group on stop all the same.'),
  KAFKA_WAIT: open('kafka', duration(), 'wait for ever', 'How long to wait for a broker at start before leaving with exit code 69.'),

  CONSUL_DSN: open('consul', consulDsn, 'no registration, no run document', 'Consul agent: host:port, http://host:port or https://host:port.', 'credentials'),
  CONSUL_ADVERTISE: open('consul', address, 'found at start', 'Address to register.'),
  CONSUL_NAME_TPL: given('consul', serviceTemplate, 'bdz-wsp-%s', 'Service name; %s stands for NODE_ID.'),
  CONSUL_DIR: given('consul', directory, 'buldozer/subordinate', 'KV folder of the run documents; the key is <CONSUL_DIR>/<NODE_ID>.'),
  CONSUL_RESYNC_INTERVAL: given('consul', duration(1_000), '30s', 'How often the run document and the registration are read back in full.'),
  CONSUL_WAIT: open('consul', duration(), 'wait for ever', 'How long to wait for Consul\'s first answer before going on with the environment.'),
  CONSUL_HTTP_TOKEN: open('consul', opaque, 'no token', 'ACL token.', 'value'),
  CONSUL_CACERT: open('consul', absolutePath, 'the built-in authorities', 'PEM file with the authorities to trust.'),
  CONSUL_CLIENT_CERT: open('consul', absolutePath, 'no client certificate', 'PEM file with the client certificate.'),
  CONSUL_CLIENT_KEY: open('consul', absolutePath, 'no client certificate', 'PEM file with the key of the client certificate.', 'path'),
  CONSUL_TLS_SERVER_NAME: open('consul', address, 'the host of CONSUL_DSN', 'Name Consul\'s certificate must carry.'),
  CONSUL_NAMESPACE: open('consul', text, 'the token\'s namespace', 'Namespace (Consul Enterprise).'),

  HTTP_LISTEN: given('outside', listenAddress, ':8080', 'Where /livez, /readyz, /healthz, /metrics and /status answer; off disables them; see docs/health.md.'),
  TERMINATION_LOG: given('outside', pathOrOff, '/dev/termination-log', 'File that gets the reason when the Calculator, or a fault, ends the agent; Kubernetes shows it with the pod. off writes none.'),
  BLACK_BOX: given('outside', boolean, 'true', 'Whether the log and TERMINATION_LOG show the last records that a Calculator which died was given and printed; false leaves them out.'),
  CONTROL_SOCKET: open('outside', pathOrOff, '/run/pidpiper.sock, where that cannot be written /tmp/pidpiper-<uid>/control.sock', 'Unix socket for pidpiper ctl and everything else that controls the agent; off disables it.'),
  CONTROL_TOKEN: open('outside', opaque, 'no control over HTTP_LISTEN', 'Bearer token of who may control the agent over HTTP_LISTEN; see docs/control.md.', 'value'),
  CONTROL_READ_TOKEN: open('outside', opaque, 'nobody', 'Bearer token of who may see over HTTP_LISTEN what control shows, and change nothing.', 'value'),
  CONTROL_USER: open('outside', text, 'no login', 'User name that may do what CONTROL_TOKEN may, for browsers and supervisorctl.'),
  CONTROL_PASSWORD: open('outside', opaque, 'no login', 'Password of CONTROL_USER.', 'value'),
  LOG_LEVEL: given('outside', logLevel, 'info', 'Least level that is logged.'),
  LOG_FORMAT: given('outside', choice('auto', 'json', 'pretty'), 'auto', 'auto is pretty on a terminal and JSON elsewhere.'),
  LOG_COLORS: open('outside', boolean, 'true on a terminal', 'Colours in pretty logs and in the output of check.'),
} as const

export type VariableName = keyof typeof variables

type ValueIn<V> = V extends { type: ValueType<infer T>; default: infer D } ? (D extends null ? T | null : T) : never

/** The value of each variable; null where it has no default and is not set. */
export type Values = { readonly [N in VariableName]: ValueIn<(typeof variables)[N]> }

/** The table in order, for those who go through all of it. */
export const variableList: readonly (readonly [VariableName, Variable<unknown>])[] = Object.keys(variables).map(
  (name) => {
    const known = name as VariableName
    return [known, variables[known]]
  },
)

/** Variables of the design that this version does not have yet: each is one warning when set. True: a secret. */
export const laterVariables: Readonly<Record<string, boolean>> = {
  RULES_FILES: false,
}
