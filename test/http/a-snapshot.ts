// A snapshot of an agent at work, and ways to change one thing about it.
import type {
  DocumentSnapshot,
  NumberedEvent,
  ProcessSnapshot,
  ReadModel,
  Snapshot,
  StreamSnapshot,
} from '../../src/engine/snapshot.ts'

const none = { upTo: [], count: 0, sumSeconds: 0 }

const stream: StreamSnapshot = {
  namespec: 'calculator',
  protocol: 'relay',
  phase: 'feeding',
  input: {
    topics: ['readings'],
    joined: true,
    assigned: [{ topic: 'readings', partition: 2 }],
    lag: 40,
    lastFetchAgeMs: 300,
    rebalances: { assigned: 1, revoked: 0, lost: 0 },
    error: null,
  },
  output: { topic: 'scores', lastAckAgeMs: 200, error: null },
  partitions: [],
  inFlight: 0,
  bufferedBytes: 0,
  bufferLimitBytes: 1024,
  stdinUnreadBytes: null,
  stdinBlockedMs: 0,
  stdinClosed: false,
  stdoutPartialBytes: null,
  blockBuffered: false,
  isolating: false,
  control: null,
  advice: null,
  stuck: [],
  counters: {
    recordsIn: 100,
    recordsOut: 90,
    bytesIn: 1000,
    bytesOut: 900,
    tombstones: 3,
    deadLetters: { 'not-json': 2, MESSAGE_TOO_LARGE: 1 },
    oversized: 1,
    partialLines: 0,
    outOfMemory: 0,
    checkpointsProven: 5,
    checkpointsAssumed: 6,
    checkpointsMissed: 7,
    commits: 11,
    answers: 0,
    commitsRefused: 0,
    aborts: 0,
    deaths: {},
    replays: 0,
    controlProblems: 0,
    violations: 0,
  },
  durations: { answer: none, endToEnd: none, checkpoint: none },
}

const process: ProcessSnapshot = {
  name: 'calculator',
  group: 'calculator',
  state: 'RUNNING',
  pid: 42,
  startedAt: 1000,
  stoppedAt: null,
  exit: null,
  spawnerr: '',
  retries: 0,
  crashLoop: false,
  retryInMs: null,
  ranWell: false,
  restarts: 0,
  again: null,
  stderrTail: [],
}

export interface Changes {
  readonly agent?: Partial<Snapshot['agent']>
  readonly document?: Partial<DocumentSnapshot>
  readonly process?: Partial<ProcessSnapshot>
  readonly stream?: Partial<StreamSnapshot>
  readonly input?: Partial<StreamSnapshot['input']>
  readonly output?: Partial<StreamSnapshot['output']>
}

export const aSnapshot = (changes: Changes = {}): Snapshot => ({
  seq: 60,
  at: 2000,
  agent: {
    state: 'running',
    reason: '',
    version: '1.2.3',
    platformVersion: null,
    nodeId: 'wsp-1',
    instanceId: 'pod-1',
    startedAt: 500,
    consul: 'registered',
    consulAnswerAgeMs: null,
    loopLagMs: { p50: 0.5, p99: 2, max: 7 },
    ...changes.agent,
  },
  document: { key: 'k/wsp-1', state: 'in-force', configVersion: 77, rejected: 0, problem: '', ...changes.document },
  processes: [{ ...process, ...changes.process }],
  streams: [
    {
      ...stream,
      ...changes.stream,
      input: { ...stream.input, ...changes.input },
      output: { ...stream.output, ...changes.output },
    },
  ],
})

/** A read model that shows what `snapshot` gives, with 60 events of which the ring holds all. */
export const aModel = (snapshot: () => Snapshot): ReadModel => ({
  snapshot,
  since: (seq) =>
    Array.from({ length: 60 }, (_, index): NumberedEvent => ({
      seq: index + 1,
      wall: 0,
      mono: 0,
      event: 'stream.replay',
      level: 'info',
      message: '',
      fields: {},
    })).filter((event) => event.seq > seq),
  subscribe: () => () => undefined,
})
