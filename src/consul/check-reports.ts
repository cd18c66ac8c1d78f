// What the two Consul checks say: a pure projection of the snapshot.
import { nameOf } from '../domain/stream/line-batch.ts'
import { stripVTControlCharacters } from 'node:util'
import { namespec } from '../domain/process/spec.ts'
import { isUp } from '../domain/process/state.ts'
import { STDIN_CLOSED } from '../engine/stream/closed-pipes.ts'
import type { DocumentSnapshot, ProcessSnapshot, Snapshot, StreamSnapshot } from '../engine/snapshot.ts'
import type { CheckStatus } from './client.ts'

export interface CheckReport {
  readonly status: CheckStatus
  /** At most MAX_OUTPUT bytes of UTF-8. */
  readonly output: string
}

export interface CheckReports {
  readonly agent: CheckReport
  readonly calculator: CheckReport
}

export const MAX_OUTPUT = 1024
/** What the last stderr line may take of it in any case. */
const LAST_LINE = 400

/**
 * The checks `agent` and `calculator`. A waiting agent does what it should, so its own check passes; it is the
 * Calculator that is missing.
 */
export function checkReports(snapshot: Snapshot): CheckReports {
  return { agent: agentReport(snapshot), calculator: calculatorReport(snapshot) }
}

const worst = (statuses: readonly CheckStatus[]): CheckStatus =>
  statuses.includes('critical') ? 'critical' : statuses.includes('warning') ? 'warning' : 'passing'

// ---- agent ------------------------------------------------------------------------------------------------------------

const agentStatus = {
  starting: 'warning',
  waiting: 'passing',
  running: 'passing',
  adopting: 'warning',
  degraded: 'warning',
  draining: 'critical',
  stopped: 'critical',
} as const satisfies Record<Snapshot['agent']['state'], CheckStatus>

/** A key that disappeared changes nothing, so it is only told. */
const documentStatus = {
  none: 'passing',
  waiting: 'passing',
  'in-force': 'passing',
  disappeared: 'passing',
  refused: 'warning',
  'rolled-back': 'warning',
  unreachable: 'warning',
} as const satisfies Record<DocumentSnapshot['state'], CheckStatus>

function agentReport({ agent, document, streams }: Snapshot): CheckReport {
  const faults = [...new Set(streams.flatMap(streamFaults))]
  const status = worst([
    agentStatus[agent.state],
    documentStatus[document.state],
    faults.length > 0 ? 'warning' : 'passing',
  ])
  const state =
    agent.reason === ''
      ? agent.state
      : agent.reason.startsWith(agent.state)
        ? agent.reason
        : `${agent.state}: ${agent.reason}`
  const said = documentLines(document).filter((line) => !agent.reason.includes(line))
  return { status, output: fit([state, ...said, ...faults, ...flowLine(streams)], []) }
}

function streamFaults({ input, output }: StreamSnapshot): string[] {
  return [
    ...(input.error === null ? [] : [`input: ${input.error}`]),
    ...(output.error === null ? [] : [`output: ${output.error}`]),
  ]
}

const documentText = {
  none: () => [],
  waiting: (document) => [`waiting for run document at ${document.key ?? 'its key'}`],
  'in-force': () => [],
  refused: (document) => [`run document refused, ${remains(document)}: ${document.problem}`],
  'rolled-back': (document) => [`run document rolled back, ${remains(document)}: ${document.problem}`],
  disappeared: (document) => [`run document at ${document.key ?? 'its key'} is gone, ${remains(document)}`],
  unreachable: (document) => [`run document cannot be read, ${remains(document)}: ${document.problem}`],
} as const satisfies Record<DocumentSnapshot['state'], (document: DocumentSnapshot) => readonly string[]>

function documentLines(document: DocumentSnapshot): readonly string[] {
  const version = document.configVersion === null ? [] : [`config version ${document.configVersion}`]
  return [...documentText[document.state](document), ...version]
}

const remains = ({ configVersion }: DocumentSnapshot): string =>
  configVersion === null ? 'none is in force' : 'the last good one stays in force'

/** What flows through all of them: workers share the input. */
function flowLine(streams: readonly StreamSnapshot[]): string[] {
  if (streams.length === 0) return []
  const lags = streams.map(({ input }) => input.lag)
  const lag = lags.includes(null) ? 'lag unknown' : `lag ${lags.reduce((sum: number, one) => sum + (one ?? 0), 0)}`
  const inFlight = streams.reduce((sum, stream) => sum + stream.inFlight, 0)
  const partitions = new Set(streams.flatMap(({ input }) => input.assigned.map(nameOf)))
  return [`${lag}, in flight ${inFlight}, partitions ${partitions.size}`]
}

// ---- calculator -------------------------------------------------------------------------------------------------------

const processStatus = {
  RUNNING: 'passing',
  STARTING: 'warning',
  BACKOFF: 'warning',
  STOPPING: 'warning',
  STOPPED: 'critical',
  EXITED: 'critical',
  FATAL: 'critical',
  UNKNOWN: 'critical',
} as const satisfies Record<ProcessSnapshot['state'], CheckStatus>

const calculatorStatus = (process: ProcessSnapshot): CheckStatus =>
  process.crashLoop ? 'critical' : isUp(process) ? 'passing' : processStatus[process.state]

function calculatorReport(snapshot: Snapshot): CheckReport {
  const { agent, document, streams } = snapshot
  const calculators = calculatorsOf(snapshot)
  const status = worst([
    ...calculators.map(calculatorStatus),
    ...streams.map(({ stdinClosed }) => (stdinClosed ? 'critical' : 'passing')),
  ])
  const waits = calculators.length === 0 || document.state === 'waiting'
  const cause = document.state === 'waiting' || agent.reason === '' ? [] : [agent.reason]
  const lines = [
    ...(waits ? (document.state === 'waiting' ? [] : ['no Calculator', ...cause]) : calculators.map(processLine)),
    ...documentLines(document),
    ...streams.flatMap((stream) => streamWarnings(stream, streams.length > 1 ? `${stream.namespec}: ` : '')),
    ...flowLine(streams),
  ]
  const down = calculators.filter((process) => !isUp(process))
  const stderr = (down.length > 0 ? down : calculators).flatMap(({ stderrTail }) => stderrTail)
  return { status: waits ? 'critical' : status, output: fit(lines, stderr) }
}

/** The processes that own a stream; all of them while there is no stream. */
function calculatorsOf({ processes, streams }: Snapshot): readonly ProcessSnapshot[] {
  const owners = new Set(streams.map((stream) => stream.namespec))
  return owners.size === 0 ? processes : processes.filter((process) => owners.has(namespec(process)))
}

function processLine(process: ProcessSnapshot): string {
  const { state, pid, crashLoop, retries, retryInMs, restarts, exit, spawnerr } = process
  const facts = [
    ...(crashLoop ? ['crash loop'] : []),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(retries > 0 ? [`${retries} failed starts in a row`] : []),
    ...(retryInMs === null ? [] : [`next start in ${(retryInMs / 1000).toFixed(1)} s`]),
    ...(restarts > 0 ? [`restarts ${restarts}`] : []),
    ...(exit === null ? [] : [`last exit ${exit.signal ?? exit.code ?? 'unknown'}`]),
    ...(spawnerr === '' ? [] : [spawnerr]),
  ]
  return [`${namespec(process)} ${state}`, ...facts].join(', ')
}

function streamWarnings({ stdinClosed, blockBuffered, stuck }: StreamSnapshot, whose: string): string[] {
  const partitions = stuck.map(nameOf)
  return [
    ...(stdinClosed ? [`${whose}${STDIN_CLOSED}`] : []),
    ...(blockBuffered
      ? [`${whose}stdout is block-buffered: nothing is committed until the Calculator flushes each line`]
      : []),
    ...(partitions.length === 0 ? [] : [`${whose}no progress on ${partitions.join(' ')}`]),
  ]
}

// ---- text -------------------------------------------------------------------------------------------------------------

const size = (text: string): number => Buffer.byteLength(text)

/** One clean line: no colours, no control characters, nothing that cannot be sent. */
const clean = (line: string): string =>
  stripVTControlCharacters(line)
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .toWellFormed()

/** At most `most` bytes, cut between characters. */
function cut(text: string, most: number): string {
  if (size(text) <= most) return text
  const bytes = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, most - size('…')))).read
  return `${text.slice(0, bytes)}…`
}

/** The facts, then as many of the last stderr lines as there is room for: the very last one always. */
function fit(facts: readonly string[], stderr: readonly string[]): string {
  const lines = stderr.map(clean).filter((line) => line !== '')
  const last = cut(lines.at(-1) ?? '', LAST_LINE)
  const head = cut(facts.map(clean).join('\n'), MAX_OUTPUT - (last === '' ? 0 : size(last) + '\nstderr:\n'.length))
  if (last === '') return head
  const tail = [last]
  let room = MAX_OUTPUT - size(`${head}\nstderr:\n${last}`)
  for (const line of lines.slice(0, -1).reverse()) {
    room -= size(line) + 1
    if (room < 0) break
    tail.unshift(line)
  }
  return `${head}\nstderr:\n${tail.join('\n')}`
}
