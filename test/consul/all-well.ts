// An agent whose checks both pass.
import type { ProcessSnapshot, Snapshot, StreamSnapshot } from '../../src/engine/snapshot.ts'

export const KEY = 'buldozer/subordinate/n1'

export const calculator: ProcessSnapshot = {
  name: 'calculator',
  group: 'calculator',
  state: 'RUNNING',
  pid: 42,
  startedAt: 1,
  stoppedAt: null,
  exit: null,
  spawnerr: '',
  retries: 0,
  crashLoop: false,
  retryInMs: null,
  restarts: 0,
  again: null,
  stderrTail: [],
}

const none = { upTo: [], count: 0, sumSeconds: 0 }

export const stream: StreamSnapshot = {
  namespec: 'calculator',
  protocol: 'relay',
  phase: 'feeding',
  input: {
    topics: ['in'],
    joined: true,
    assigned: [{ topic: 'in', partition: 0 }],
    lag: 12,
    lastFetchAgeMs: 5,
    rebalances: { assigned: 1, revoked: 0, lost: 0 },
    error: null,
  },
  output: { topic: 'out', lastAckAgeMs: 5, error: null },
  partitions: [],
  inFlight: 3,
  bufferedBytes: 0,
  bufferLimitBytes: 1,
  stdinUnreadBytes: 0,
  stdinBlockedMs: 0,
  stdoutPartialBytes: null,
  blockBuffered: false,
  isolating: false,
  control: null,
  advice: null,
  stuck: [],
  counters: {
    recordsIn: 0,
    recordsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    tombstones: 0,
    deadLetters: {},
    oversized: 0,
    partialLines: 0,
    outOfMemory: 0,
    checkpointsProven: 0,
    checkpointsAssumed: 0,
    checkpointsMissed: 0,
    commits: 0,
    answers: 0,
    commitsRefused: 0,
    aborts: 0,
    deaths: {},
    replays: 0,
    violations: 0,
    controlProblems: 0,
  },
  durations: { answer: none, endToEnd: none, checkpoint: none },
}

export const running: Snapshot = {
  seq: 1,
  at: 1,
  agent: {
    state: 'running',
    reason: '',
    version: '0.1.0',
    platformVersion: null,
    nodeId: 'n1',
    instanceId: 'i1',
    startedAt: 1,
    consul: 'registered',
    consulAnswerAgeMs: null,
    loopLagMs: null,
  },
  document: { key: KEY, state: 'in-force', configVersion: 77, rejected: 0, problem: '' },
  processes: [calculator],
  streams: [stream],
}
