// node test/run.ts [unit | all | FILES…]: the one test command. `unit` needs nothing but Node; `all` (the default)
// starts a real Kafka, a real Consul and the built binary once, for those files that need them, and ends them again.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, globSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import process from 'node:process'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { killNow, processesWith } from './testbed/leftovers.ts'
import { startConsul, startKafka, type Service } from './testbed/real-services.ts'
import { needsOf, suites, type Suite } from './testbed/suites.ts'
import { missingTools, type Need } from './testbed/tools.ts'
import { ownWarnings } from './testbed/warnings.ts'

const root = resolve(import.meta.dirname, '..')
const runId = randomUUID()
const variableOf: Record<Need, string> = { kafka: 'TEST_KAFKA', consul: 'TEST_CONSUL', binary: 'TEST_BINARY' }
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const total = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 }
/** What is wrong besides failed tests. */
const problems: string[] = []
/** Said again at the very end: what a suite says is far above it by then. */
const failures: string[] = []
const skippedFiles = new Map<string, string>()
const services: Service[] = []
const interrupted = new AbortController()
/** A test that hangs ends the run, instead of the patience of whoever waits for it. */
const SILENCE_MS = 12 * 60_000

async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now()
  say(`# ${what} …`)
  const result = await work()
  say(`# ${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}

function buildBinary(): Service {
  const path = resolve(root, 'dist/pidpiper')
  const age = (file: string): number => statSync(resolve(root, file)).mtimeMs
  const sources = globSync(['src/**/*.ts', 'scripts/**/*', 'package.json'], { cwd: root })
  if (!existsSync(path) || sources.some((file) => age(file) > age(path))) {
    execFileSync('npm', ['run', 'build'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  }
  return { variable: 'TEST_BINARY', address: path, stop: () => Promise.resolve() }
}

const start: Record<Need, () => Service | Promise<Service>> = {
  kafka: () => timed('starting Kafka', startKafka),
  consul: () => timed('starting Consul', startConsul),
  binary: () => timed('looking for an up-to-date binary', buildBinary),
}

/** Starts what `files` need and what does not run yet; gives the files that can run. */
async function prepare(files: readonly string[]): Promise<string[]> {
  const asked = [...new Set(files.flatMap(needsOf))].filter((need) => process.env[variableOf[need]] === undefined)
  const missing = new Map(asked.map((need) => [need, missingTools(need)]))
  for (const need of asked) {
    const lacking = missing.get(need) ?? []
    if (lacking.length > 0 && process.env['CI'] === 'true') problems.push(`${need} needs ${lacking.join('; ')}`)
    if (lacking.length > 0 || interrupted.signal.aborted) continue
    const service = await start[need]()
    services.push(service)
    process.env[service.variable] = service.address
  }
  return files.filter((file) => {
    const lacking = needsOf(file).flatMap((need) => missing.get(need) ?? [])
    if (lacking.length > 0) skippedFiles.set(file, [...new Set(lacking)].join('; '))
    return lacking.length === 0
  })
}

async function runSuite(suite: Suite): Promise<void> {
  const files = await prepare(suite.files)
  if (files.length === 0 || interrupted.signal.aborted) return
  say(`# suite ${suite.name}: ${files.length} files, ${suite.concurrency} at a time`)
  const silence = setTimeout(() => {
    problems.push(`no test began or ended for ${SILENCE_MS / 60_000} minutes: gave up`)
    interrupted.abort()
  }, SILENCE_MS)
  const stderr = new Map<string, string>()
  const events = run({
    files: files.map((file) => resolve(root, file)),
    concurrency: suite.concurrency,
    // Not --test-force-exit: a file that is made to exit loses reports that are still on their way.
    execArgv: ['--trace-warnings'],
    signal: interrupted.signal,
  })
  for (const sign of ['test:start', 'test:pass', 'test:fail'] as const) events.on(sign, () => silence.refresh())
  events.on('test:fail', ({ name, file, line, details: { error }, todo }) => {
    if (todo !== undefined || ('failureType' in error && error.failureType === 'subtestsFailed')) return
    const place = file === undefined ? '' : `${relative(root, file)}:${line}: `
    failures.push(`${place}${name}\n${inspect(error.cause)}`.replaceAll('\n', '\n#     '))
  })
  events.on('test:stderr', ({ file, message }) => stderr.set(file, (stderr.get(file) ?? '') + message))
  events.on('test:summary', ({ file, counts }) => {
    if (file !== undefined) return
    total.tests += counts.tests
    total.pass += counts.passed
    total.fail += counts.tests - counts.passed - counts.cancelled - counts.skipped - counts.todo
    total.cancelled += counts.cancelled
    total.skipped += counts.skipped
    total.todo += counts.todo
  })
  for await (const chunk of events.compose(new spec())) process.stdout.write(chunk as string | Uint8Array)
  clearTimeout(silence)
  for (const [file, text] of stderr) {
    for (const warning of ownWarnings(text)) problems.push(`${file} made Node warn: ${warning}`)
  }
}

async function stopEverything(): Promise<void> {
  for (const service of services.splice(0)) {
    try {
      await service.stop()
    } catch (error) {
      problems.push(`cannot stop the service at ${service.address}: ${String(error)}`)
    }
  }
  const deadline = performance.now() + 2000
  let left = processesWith(`PIDPIPER_TEST_RUN=${runId}`)
  while (left.length > 0 && performance.now() < deadline) {
    await pause(50)
    left = processesWith(`PIDPIPER_TEST_RUN=${runId}`)
  }
  for (const { pid, command } of left) {
    problems.push(`left running, ended now: pid ${pid}: ${command}`)
    killNow(pid)
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!interrupted.signal.aborted) problems.push(`interrupted by ${signal}`)
    interrupted.abort()
  })
}

process.env['PIDPIPER_TEST_RUN'] = runId
const began = performance.now()
try {
  const selected = suites(process.argv.slice(2))
  if (selected.length === 0) problems.push(`no test file matches ${process.argv.slice(2).join(' ')}`)
  for (const suite of selected) {
    if (!interrupted.signal.aborted) await runSuite(suite)
  }
} catch (error) {
  problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
} finally {
  await stopEverything()
}

if (skippedFiles.size > 0) {
  say(`# ${skippedFiles.size} test files skipped, because tools are missing:`)
  for (const [file, why] of skippedFiles) say(`#   ${file}: ${why}`)
}
for (const failure of failures) say(`# FAILED ${failure}`)
for (const problem of problems) say(`# PROBLEM ${problem}`)
const failed = total.fail + total.cancelled + problems.length > 0 || total.tests + skippedFiles.size === 0
say(`# ${failed ? 'FAILED' : 'passed'} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
for (const [name, count] of Object.entries(total)) say(`# ${name} ${count}`)
process.exitCode = failed ? 1 : 0
