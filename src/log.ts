// The log: one JSON line per fact on stderr, or a pretty one on a terminal. The destination is synchronous, so that the
// last line before an exit is not lost; a line never carries a foreign error object, which may hold credentials.
import { isIP } from 'node:net'
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LoggerOptions } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { AgentError } from './domain/errors.ts'
import type { EventName } from './domain/log-events.ts'
import { visible } from './domain/visible.ts'
import type { ChildLine } from './engine/ports.ts'
import type { NumberedEvent, ReadModel } from './engine/snapshot.ts'

export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
export type LogFields = Readonly<Record<string, unknown>>

/** One line of the agent or of an edge; `fields.event` is a stable dotted name. */
export type LogLine = (
  level: Exclude<LogLevel, 'silent'>,
  message: string,
  fields: LogFields & { readonly event: EventName },
) => void

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty'
  /** Of pretty lines. */
  readonly colors: boolean
  /** On every line. */
  readonly instance: string
  /** Values that no line may show; those shorter than eight characters are words, and are left to `redact`. */
  readonly secrets: readonly string[]
  /** Instead of stderr; a number is another descriptor. */
  readonly destination?: DestinationStream | number
}

export interface Log {
  readonly line: LogLine
  /** The same, with `module` on every line. */
  module(name: string): LogLine
  /** A stderr line of a child: never filtered by the level. */
  child(line: ChildLine): void
  /** The text without the secrets that no line may show. */
  masked(text: string): string
  /** No line shows these values from now on, as little as those of the start. */
  hide(secrets: readonly string[]): void
  /** Every event of the read model becomes a line, until the returned function is called. */
  follow(model: Pick<ReadModel, 'subscribe'>): () => void
}

const STDERR = 2
/** What is kept for a descriptor that cannot be written, in bytes: several of the longest lines. */
const MOST_UNWRITTEN = 1024 * 1024
const secretNames = ['password', 'token', 'secret', 'sasl', 'authorization']
const redact = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** What stands in `secrets` is masked in every line. */
export function createLog(options: LogOptions): Log {
  const tellLost = (lines: number): void =>
    agent.warn({ event: 'agent.log-lost' satisfies EventName, lines }, 'the log could not be written, and lacks lines')
  const destination = destinationOf(options, tellLost)
  const base: LoggerOptions = {
    base: { instance: options.instance },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  let { secrets } = options
  let [inLine, inText] = [maskOf(secrets, inJson), maskOf(secrets, asIs)]
  const masked = (line: string): string => inLine(line)
  const agent = pino(
    {
      ...base,
      level: options.level,
      redact: { paths: redact, censor: '***' },
      serializers: { err: errorFacts, error: errorFacts, cause: errorFacts },
      hooks: { streamWrite: masked },
    },
    destination,
  )
  // A child's own fields are nobody's secret and nobody's level: this logger neither filters nor rewrites them.
  const children = pino({ ...base, level: 'trace', hooks: { streamWrite: masked } }, destination)
  return {
    line: lineOf(agent),
    module: (name) => lineOf(agent.child({ module: name })),
    child: (line) => logChildLine(children, line),
    masked: (text) => inText(text),
    hide: (more) => {
      if (more.every((secret) => secrets.includes(secret))) return
      secrets = [...new Set([...secrets, ...more])]
      ;[inLine, inText] = [maskOf(secrets, inJson), maskOf(secrets, asIs)]
    },
    follow: (model) => model.subscribe((event) => logEvent(agent, event)),
  }
}

function destinationOf(options: LogOptions, tellLost: (lines: number) => void): DestinationStream {
  const { destination: given = STDERR } = options
  const destination = typeof given === 'number' ? descriptor(given, tellLost) : given
  if (options.format === 'json') return destination
  // The bare function, not pino-pretty's stream: that one writes a turn later, and an exit would lose the last line.
  const prettify = prettyFactory({
    colorize: options.colors,
    messageFormat: (line, key) => (typeof line[key] === 'string' ? visible(line[key]) : ''),
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'instance,seq',
    singleLine: true,
  })
  return { write: (line) => destination.write(prettify(line)) }
}

/**
 * A full disk, or a terminal that is gone, costs lines and not records: those that cannot be written are kept, up to
 * MOST_UNWRITTEN, and tried again with each next one. `tellLost` is told how many found no room, when all is written.
 */
function descriptor(fd: number, tellLost: (lines: number) => void): DestinationStream {
  const stream = pino.destination({ dest: fd, sync: true, maxLength: MOST_UNWRITTEN })
  let lost = 0
  stream.on('error', () => undefined)
  stream.on('drop', () => {
    if (lost++ > 0) return
    stream.once('drain', () => {
      const lines = lost
      lost = 0
      tellLost(lines)
    })
  })
  return stream
}

const lineOf =
  (logger: Logger): LogLine =>
  (level, message, fields) =>
    logger[level](fields, message)

const logEvent = (logger: Logger, { event, level, message, fields, seq }: NumberedEvent): void =>
  logger[level]({ ...fields, event, seq }, message)

// ---- children -----------------------------------------------------------------------------------------------------

const names: Record<string, Exclude<LogLevel, 'silent'>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'fatal',
  fatal: 'fatal',
}

/** Names whose meaning on a line is ours; a child's field of that name is kept under `calculator`. */
const reserved = new Set(['level', 'time', 'instance', 'event', 'stream', 'process', 'pid', 'cut', 'msg', 'calculator'])

function logChildLine(logger: Logger, { stream = 'stderr', namespec, pid, text, cut }: ChildLine): void {
  const ours = { event: `process.${stream}`, stream, process: namespec, pid, ...(cut && { cut }) }
  const theirs = jsonObject(text)
  if (theirs === null) {
    logger.info(ours, text)
    return
  }
  const entries = Object.entries(theirs)
  const clashing = entries.filter(([name]) => reserved.has(name) && name !== 'level' && name !== 'msg')
  const level = levelOf(theirs['level'] ?? theirs['levelname'] ?? theirs['severity'])
  const fields = {
    // fromEntries makes even `__proto__` a plain field; ours come last and win.
    ...Object.fromEntries(entries.filter(([name]) => !reserved.has(name))),
    ...(clashing.length > 0 && { calculator: Object.fromEntries(clashing) }),
    ...ours,
  }
  try {
    logger[level](fields, messageOf(theirs['msg']))
  } catch (error) {
    // What was parsed can be nested too deeply to be written again: that takes the stack, reading does not.
    if (!(error instanceof RangeError)) throw error
    logger[level](ours, text)
  }
}

function jsonObject(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{') || !text.endsWith('}')) return null
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}

const messageOf = (value: unknown): string | undefined =>
  value === undefined || typeof value === 'string' ? value : JSON.stringify(value)

/** A level word in any case, or a number of pino and Bunyan (10 … 60); info where there is neither. */
function levelOf(value: unknown): Exclude<LogLevel, 'silent'> {
  if (typeof value === 'string') return names[value.toLowerCase()] ?? 'info'
  if (typeof value !== 'number') return 'info'
  return (['trace', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.trunc(value / 10)] ?? 'info'
}

// ---- nothing secret, nothing forged -------------------------------------------------------------------------------

/** What may be told of an error that is not ours: message, code and status; of ours also the cause, likewise. */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, status } = error as { code?: unknown; status?: unknown }
  return {
    message: withoutLogin(error.message),
    ...(isPlain(code) && { code }),
    ...(isPlain(status) && { status }),
    ...(error instanceof AgentError && error.cause !== undefined && { cause: errorFacts(error.cause) }),
  }
}

const isPlain = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'

const withoutLogin = (text: string): string => text.replace(/\/\/[^/\s@]*@/g, '//***@')

const inJson = (secret: string): string => JSON.stringify(secret).slice(1, -1)
const asIs = (secret: string): string => secret

/** Replaces the secrets in a finished line; `form`: how a secret stands in it. */
function maskOf(secrets: readonly string[], form: (secret: string) => string): (line: string) => string {
  const hidden = [...new Set(secrets)].filter((secret) => secret.length >= 8 && isIP(secret) === 0)
  const written = hidden.map(form).sort((a, b) => b.length - a.length)
  return (line) => written.reduce((text, secret) => text.replaceAll(secret, '***'), line)
}
