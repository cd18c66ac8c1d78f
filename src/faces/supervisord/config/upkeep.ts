// Keys of ours that keep a program fit: health checks, hooks, a memory limit, limits of the system. All are off unless
// they are written.
import { resources, type ResourceLimit, type ResourceName } from '../../../domain/process/spec.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import { shellWords } from '../../../wire/ini/shell-words.ts'
import type { SectionReader } from './section-reader.ts'
import { bad, byteSize, inetAddress, integer, integerIn, seconds } from './values.ts'

export type Probe =
  /** Fit is what ends with 0. */
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** Fit is an answer of 200 … 399. */
  | { readonly kind: 'http'; readonly url: string }
  /** Fit is an address that can be connected to. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** Durations are ms. */
export interface HealthCheck {
  readonly probe: Probe
  readonly interval: number
  readonly timeout: number
  /** Failures in a row that make it unhealthy. */
  readonly retries: number
  /** After the start failures do not count, until the first success. */
  readonly startPeriod: number
}

const hookNames = ['pre_start', 'post_start', 'post_stop', 'on_exit'] as const
export type HookName = (typeof hookNames)[number]

export interface Hooks {
  readonly commands: Readonly<Partial<Record<HookName, readonly string[]>>>
  /** Ms; then it is killed. */
  readonly timeout: number
}

export interface Upkeep {
  readonly health: HealthCheck | null
  readonly hooks: Hooks
  /** Bytes that all processes of the program's session may have in memory together; null: no limit. */
  readonly memoryLimit: number | null
}

const healthKeys = ['command', 'http', 'tcp', 'interval', 'timeout', 'retries', 'start_period'] as const

export const upkeepKeys: readonly string[] = [
  ...healthKeys.map((name) => `healthcheck_${name}`),
  ...hookNames,
  ...['hook_timeout', 'memory_limit'],
  ...resources.map((name) => `rlimit_${name}`),
]

/** @param reader knows what each single process may use in its values */
export const readUpkeep = (reader: SectionReader): Upkeep => ({
  health: readHealth(reader),
  hooks: readHooks(reader),
  memoryLimit: read(reader, 'memory_limit', null, 'bytes above 0, such as 512MB', positive(byteSize)),
})

/** In the order of `resources`. */
export const readLimits = (reader: SectionReader): ResourceLimit[] =>
  resources.flatMap((resource) => {
    const expected = `${isSize(resource) ? 'bytes, such as 64MB' : 'a whole number'}, soft:hard, or unlimited`
    const least = resource === 'stack' ? leastStack : 0
    const limit = read(reader, `rlimit_${resource}`, null, expected, (text) => limitOf(resource, text, least))
    return limit === null ? [] : [limit]
  })

/** A value that `convert` refuses is told with its key and what should have been there. */
function read<T, F>(reader: SectionReader, key: string, fallback: F, expected: string, convert: (text: string) => T) {
  return reader.read(key, fallback, (text) => {
    try {
      return convert(text)
    } catch (cause) {
      throw bad(`invalid '${key}' value ${repr(text)}, expected ${expected}`, cause)
    }
  })
}

const positive =
  (convert: (text: string) => number) =>
  (text: string): number => {
    const value = convert(text)
    if (value <= 0) throw bad(`${value} is not above 0`)
    return value
  }

function words(text: string): readonly string[] {
  const found = shellWords(text)
  if ('broken' in found) throw bad(found.broken)
  if (found.words.length === 0) throw bad('no command')
  return found.words
}

// ---- health ------------------------------------------------------------------------------------------------------

function readHealth(reader: SectionReader): HealthCheck | null {
  const probes = [
    read(reader, 'healthcheck_command', null, 'a command', (text): Probe => ({
      kind: 'command',
      command: words(text),
    })),
    read(reader, 'healthcheck_http', null, 'a URL such as http://127.0.0.1:8080/health', httpProbe),
    read(reader, 'healthcheck_tcp', null, 'host:port', tcpProbe),
  ].filter((probe) => probe !== null)
  const duration = (name: string, fallback: number): number =>
    read(reader, `healthcheck_${name}`, fallback, 'seconds above 0', positive(seconds))
  const check = {
    interval: duration('interval', 10_000),
    timeout: duration('timeout', 5000),
    retries: read(reader, 'healthcheck_retries', 3, 'a whole number above 0', integerIn(1, 1_000_000)),
    startPeriod: read(reader, 'healthcheck_start_period', 0, 'seconds', seconds),
  }
  const [probe, second] = probes
  if (second !== undefined) {
    const text = 'only one of healthcheck_command, healthcheck_http and healthcheck_tcp can be set'
    reader.problem(text, reader.find(`healthcheck_${second.kind}`)?.place)
  }
  if (probe !== undefined) return { probe, ...check }
  const useless = healthKeys.map((name) => reader.section.values.get(`healthcheck_${name}`))
  for (const value of useless.filter((value) => value !== undefined)) {
    const text = `${value.key} has no effect without healthcheck_command, healthcheck_http or healthcheck_tcp`
    reader.warn(`[${reader.section.name}] ${text}`, value.keyPlace)
  }
  return null
}

function httpProbe(text: string): Probe {
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw bad(`${url.protocol} is no HTTP`)
  return { kind: 'http', url: url.href }
}

function tcpProbe(text: string): Probe {
  const { host, port } = inetAddress(text)
  return { kind: 'tcp', host: host === '' ? '127.0.0.1' : host, port }
}

// ---- hooks -------------------------------------------------------------------------------------------------------

function readHooks(reader: SectionReader): Hooks {
  const commands = hookNames.flatMap((name) => {
    const command = read(reader, name, null, 'a command', words)
    return command === null ? [] : [[name, command] as const]
  })
  const timeout = read(reader, 'hook_timeout', 30_000, 'seconds above 0', positive(seconds))
  return { commands: Object.fromEntries(commands), timeout }
}

// ---- limits ------------------------------------------------------------------------------------------------------

/** The agent itself has it for the moment of a start. */
const leastStack = 1024 ** 2

const isSize = (resource: ResourceName): boolean =>
  ['as', 'core', 'data', 'fsize', 'memlock', 'stack'].includes(resource)

function limitOf(resource: ResourceName, text: string, least: number): ResourceLimit {
  const value = (part: string): number | null => {
    if (part.trim().toLowerCase() === 'unlimited') return null
    const number = isSize(resource) ? byteSize(part.trim()) : integer(part)
    if (number < least) throw bad(`${number} is below ${least}`)
    return number
  }
  const [first = '', second, ...more] = text.split(':')
  const soft = value(first)
  const hard = second === undefined ? soft : value(second)
  if (more.length > 0) throw bad('more than two values')
  if (hard !== null && (soft === null || soft > hard)) throw bad('soft is above hard')
  return { resource, soft, hard }
}
