// Every event that the log can show, by name, with its fields: an interface, added to and not renamed. What is not in
// here does not compile where it is told; `docs/logs.md` is made from it.

interface Described {
  readonly says: string
  /** Beside the fields of every line (`time`, `level`, `instance`, `event`, `msg`), and those of its kind. */
  readonly fields: readonly string[]
}

const of = <const F extends string>(says: string, ...fields: readonly F[]) => ({ says, fields }) as const

/** Fields of every event whose name begins so. */
export const kindFields = {
  agent: [],
  config: [],
  control: ['module'],
  credentials: [],
  consul: [],
  document: [],
  http: [],
  kafka: [],
  os: [],
  process: ['process', 'state', 'from'],
  runtime: [],
  stream: ['process'],
} as const

/** Fields of a kind that these lines of it do not have. */
export const lacking = {
  'process.stderr': ['state', 'from'],
  'process.control': ['state', 'from'],
  'process.stdout': ['state', 'from'],
  'stream.adopting': ['process'],
  'stream.adopted': ['process'],
} as const

/** Numbers, or null where there is none, on every line that has them; a field of any other name is never a number. */
export const numberFields = [
  ...['seq', 'at', 'port', 'pid', 'exitCode', 'retries', 'retryInMs', 'aliveMs', 'afterMs', 'pauseMs', 'seconds'],
  ...['partition', 'offset', 'nextOffset', 'timestamp', 'generation', 'modifyIndex', 'attempts', 'maxAttempts'],
  ...['records', 'inFlight', 'atOnce', 'untold', 'lines', 'bytes', 'unreadBytes', 'length', 'limit', 'truncated'],
  ...['retryCount', 'retryTime'],
] as const

const record = ['topic', 'partition', 'offset'] as const

// prettier-ignore
export const logEvents = {
  'agent.started': of('The agent is up; `port` of HTTP_LISTEN.', 'version', 'port', 'nodeId'),
  'agent.signal': of('It got a signal.', 'signal'),
  'agent.state': of('SIGUSR1: the whole state, as /status shows it.', 'at', 'agent', 'document', 'processes', 'streams'),
  'agent.draining': of('It begins to leave.'),
  'agent.stopped': of('It has left.'),
  'agent.failed': of('It has to leave; the exit code says why.', 'err'),
  'agent.bug': of('It met a bug of its own, and leaves.', 'err', 'stack'),
  'agent.termination-log': of('TERMINATION_LOG cannot be written.', 'reason'),
  'agent.log-lost': of('The log could not be written for a time: so many lines are lost.', 'lines'),
  'config.warning': of('Something about the configuration that a person should look at.'),
  'os.no-native': of('The native part cannot be used.', 'reason'),
  'os.child-ended': of('The child of a `program` that was removed while nobody could signal it.', 'program', 'pid', 'exitCode', 'signal'),
  'os.no-subreaper': of('Orphans of the Calculator cannot be adopted.', 'reason'),
  'runtime.warning': of('A warning of Node.', 'name'),
  'http.failed': of('A request could not be answered.', 'path', 'err'),

  'credentials.refused': of('Files with secrets changed, and cannot be used: the old ones stay.', 'problem'),
  'credentials.renewed': of('New connections use what the files say now.', 'changed'),
  'control.socket': of('Control listens there.', 'path'),
  'control.no-socket': of('It cannot listen on a unix socket.'),
  'control.refused': of('A request for control was refused.', 'address'),
  'control.server': of('Something about the server behind control.'),

  'process.starting': of('It is about to be started.', 'retries'),
  'process.spawned': of('It was started.', 'pid'),
  'process.spawn-failed': of('It could not be started.', 'retries', 'reason'),
  'process.running': of('It counts as running.', 'pid'),
  'process.recovered': of('It works again after failed starts.', 'pid'),
  'process.healthy': of('Its health check says so.', 'pid', 'reason'),
  'process.unhealthy': of('Its health check says so: it is restarted.', 'pid', 'reason'),
  'process.exited': of('It ended by itself, or of a signal that was not ours.', 'pid', 'exitCode', 'signal', 'expected'),
  'process.backoff': of('A start failed; the next is due in `retryInMs`.', 'retries', 'reason', 'crashLoop', 'retryInMs'),
  'process.fatal': of('Too many starts failed: it is left alone.', 'retries', 'reason'),
  'process.abandoned': of('It would have been started again, but the agent leaves.', 'retries', 'reason'),
  'process.stopping': of('It is being stopped.', 'pid'),
  'process.restarting': of('It is stopped to be started again.', 'pid', 'reason'),
  'process.stop-overdue': of('It did not stop in time; what comes next.', 'pid', 'action'),
  'process.stopped': of('It was stopped.', 'pid', 'exitCode', 'signal', 'expected'),
  'process.kill-failed': of('A signal could not be sent.', 'pid', 'reason'),
  'process.unknown': of('Control of it is lost.', 'reason'),
  'process.stderr': of('A line of its stderr; of a JSON line the fields, and under `calculator` those whose names are ours.', 'stream', 'pid', 'cut', 'calculator', '*'),
  'process.control': of('A line that it had logged by its control channel; otherwise as stderr.', 'stream', 'pid', 'cut', 'calculator', '*'),
  'process.stdout': of('A line of a stdout that is log (PROTOCOL=sink); otherwise as stderr.', 'stream', 'pid', 'cut', 'calculator', '*'),

  'stream.black-box': of('The Calculator died: its last lines, oldest first. One in a second; `untold` ones came before.', 'pid', 'exitCode', 'signal', 'death', 'aliveMs', 'inFlight', 'fed', 'printed', 'stderr', 'untold'),
  'stream.out-of-memory': of('The kernel killed it for lack of memory.', 'pid'),
  'stream.not-ready': of('It has not said that it is ready.', 'seconds'),
  'stream.state': of('It says on its control channel what it is doing.', 'pid'),
  'stream.control-problem': of('A line of its control channel cannot be used; so many were since the last one that was told.', 'pid', 'lines'),
  'stream.adopting': of('Other settings are being put in force: of a run document, or the last good ones again.', 'changes'),
  'stream.adopted': of('They are in force.', 'restarted'),
  'stream.committed': of('Positions were committed, `topic/partition=offset`.', 'positions'),
  'stream.commit-refused': of('They were not, and are tried again.', 'reason'),
  'stream.aborted': of('A transaction is aborted, and its records are read again.', 'reason'),
  'stream.abort-refused': of('It could not even be aborted.', 'reason'),
  'stream.checkpoint-assumed': of('For the first time the Calculator was only assumed to be done.'),
  'stream.checkpoint-missed': of('It was not seen to finish: nothing is committed.'),
  'stream.block-buffered': of('It keeps back part of a line.', 'bytes'),
  'stream.partial-line': of('It ended within a line.', 'bytes'),
  'stream.violation': of('It broke its protocol, by a line or by closing its stdout; whether feeding is `restarted`, `stopped` or, of a local input, `ended`.', 'feeding'),
  'stream.unanswered': of('It ended as if all were done, and `records` of a local input have no answer, or part of the input was not read.', 'records', 'inputRead'),
  'stream.given-up': of('Feeding stops until the settings are others.'),
  'stream.pipe-closed': of('It closed its `pipe`, stdin or stdout, and lives on.', 'pid', 'pipe'),
  'stream.no-answer': of('It shows no sign of work.', 'seconds', 'records', 'unreadBytes', 'child'),
  'stream.hung': of('It is killed because of ANSWER_TIMEOUT.', 'seconds', 'records', 'unreadBytes', 'child'),
  'stream.advice': of('The protocol that it seems to keep; or it should `flush`, since it prints in whole buffers.', 'protocol', 'flush'),
  'stream.replay': of('Records are read again from here.', ...record),
  'stream.left-behind': of('Unanswered records of a topic that is not read any more.', ...record),
  'stream.dead-letter': of('A record went to the dead letters: the first 20 of each reason in ten seconds; with `value` (`valueBase64` where it is not UTF-8) and `bytes`, and all of them, where it is only told here (`--out -`).', ...record, 'reason', 'timestamp', 'attempts', 'exitCode', 'signal', 'stderr', 'said', 'length', 'limit', 'truncated', 'value', 'valueBase64', 'bytes'),
  'stream.dead-letters': of('So many more went there within ten seconds than were told one by one.', 'records', 'reason'),
  'stream.suspects': of('It died with records in work: fewer at once from now on.', 'records', 'atOnce', 'death'),
  'stream.suspect': of('It died with one record alone, `attempts` times by now; after `maxAttempts` the record is condemned.', ...record, 'attempts', 'maxAttempts', 'death'),
  'stream.condemned': of('A record killed it too often, and goes to the dead letters.', ...record, 'attempts', 'exitCode', 'signal'),
  'stream.isolation-over': of('Every suspect is done.'),
  'stream.stood-aside': of('It does not run: its partitions are left to others.', 'state', 'retries', 'afterMs'),
  'stream.came-back': of('It runs again: the agent joins the consumer group.', 'state', 'retries'),

  'document.accepted': of('A run document is good, and is being put in force.', 'key', 'modifyIndex', 'problem'),
  'document.in-force': of('Consul and what is in force agree again.', 'key', 'modifyIndex', 'problem'),
  'document.refused': of('The run document is refused.', 'key', 'modifyIndex', 'problem'),
  'document.rolled-back': of('The Calculator cannot start with it: the last good one is back.', 'key', 'modifyIndex', 'problem'),
  'document.disappeared': of('It is gone; the last good one stays in force.', 'key', 'modifyIndex', 'problem'),
  'document.waiting': of('There is none, and the environment does not do.', 'key', 'modifyIndex', 'problem'),
  'document.unreachable': of('It cannot be read.', 'key', 'modifyIndex', 'problem'),
  'document.copy-unusable': of('The copy in STATE_DIR cannot be used.', 'file', 'reason'),
  'document.copy-failed': of('A copy cannot be kept there.', 'file', 'reason'),
  'consul.advertise': of('The address that is registered, and why.', 'address', 'reason'),
  'consul.registered': of('The service is registered.', 'service', 'address'),
  'consul.unreachable': of('Consul cannot be used.', 'reason'),

  'kafka.unreachable': of('No broker can be reached at start.'),
  'kafka.unreachable-over': of('One was reached.'),
  'kafka.topics-missing': of('Input topics do not exist.'),
  'kafka.topics-missing-over': of('They do.'),
  'kafka.source': of('The input cannot be read.', 'topic', 'partition'),
  'kafka.source-over': of('It can.'),
  'kafka.start': of('Where a partition begins.', ...record),
  'kafka.start-position': of('That cannot be found out.'),
  'kafka.start-position-over': of('It was.'),
  'kafka.out-of-range': of('No such offset, or one of another log; it goes on at `nextOffset`.', ...record, 'nextOffset'),
  'kafka.truncated': of('The log was cut, and goes on otherwise, from `nextOffset`.', ...record, 'nextOffset'),
  'kafka.topic-anew': of('The topic was deleted and made again.', ...record),
  'kafka.output-topic-missing': of('The output topic does not exist.'),
  'kafka.output-topic-missing-over': of('It does.'),
  'kafka.sink': of('The output cannot be written.', 'topic'),
  'kafka.sink-over': of('It can.'),
  'kafka.produce-again': of('A write is tried again.', 'topic', 'partition'),
  'kafka.producer-renewed': of('The producer has a new id.', 'topic', 'partition'),
  'kafka.dead-letter-topic': of('The dead-letter topic was made.', 'topic'),
  'kafka.transactions': of('What transactions are doing, or why they cannot.', 'transactionalId'),
  'kafka.transactions-over': of('They can.'),
  'kafka.group': of('The consumer group cannot be joined, or does not hear us.', 'group'),
  'kafka.group-over': of('It can, or does.'),
  'kafka.joined': of('A rebalance is over; what it brought and took.', 'added', 'taken', 'group', 'generation'),
  'kafka.lost': of('The membership is lost.', 'partitions', 'group', 'generation'),
  'kafka.revoke-unfinished': of('Partitions go away with work unfinished.', 'partitions', 'group', 'generation'),
  'kafka.revoke-failed': of('They could not be drained.', 'partitions', 'group', 'generation'),
  'kafka.partitions-changed': of('A topic has other partitions than before.', 'group', 'generation'),
  'kafka.leave': of('The group could not be told that we leave.', 'group', 'generation'),
  'kafka.partition-watch': of('It could not be looked for new partitions.'),
  'kafka.strange-topics': of('The leader gave us topics that nobody asked for.'),
  'kafka.group-hidden': of('The group cannot be described.', 'group'),
  'kafka.member-unreadable': of('As leader: the subscription of a member cannot be read.', 'member'),
  'kafka.topic-hidden': of('As leader: a topic cannot be seen.', 'topic'),
  'kafka.look': of('Topics, or their ends, could not be looked at.'),
  'kafka.throttled': of('A quota of the broker is used up, which slows us down; told once in 30 s for each use of it.', 'broker', 'pauseMs'),
  'kafka.client': of('A line of the Kafka client; `part` of it that speaks.', 'part', 'broker', 'error'),
} as const satisfies Readonly<Record<`${keyof typeof kindFields}.${string}`, Described>>

export type EventName = keyof typeof logEvents

/** What a stream tells, without `stream.`. */
export type StreamEvent = Rest<EventName>
type Rest<N> = N extends `stream.${infer S}` ? S : never

/** Troubles that are told a second time when they are over. */
export type TroubleName = Trouble<EventName>
type Trouble<N> = N extends `${infer T}-over` ? (T extends EventName ? T : never) : never
