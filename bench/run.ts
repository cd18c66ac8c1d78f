// `npm run bench`: pidpiper and its peers on the same broker with the same records and the same child, in one run.
// Numbers are reported, never judged; what fails the run is a contender that loses records.
import { cpus, loadavg, release } from 'node:os'
import process from 'node:process'
import { version } from '../src/version.ts'
import { startBroker, Topics } from './broker.ts'
import type { Contender } from './contender.ts'
import { kafkajsLoop } from './contenders/kafkajs-loop.ts'
import { kafkajsTuned } from './contenders/kafkajs-tuned.ts'
import { kcat } from './contenders/kcat.ts'
import { agentText, pidpipers } from './contenders/pidpiper.ts'
import { measureIdle, type IdleMemory } from './memory.ts'
import { readOptions, usage, type Options } from './options.ts'
import { ratios, text, type Results, type Row } from './report.ts'
import { measureRestarts, type Restarts } from './restarts.ts'
import { measure, type Run } from './throughput.ts'

/** The first of them that takes part is the baseline. */
const contenders: readonly Contender[] = [kcat, kafkajsLoop, kafkajsTuned, ...pidpipers]
const protocols = ['relay', 'one-to-one'] as const
const RESTART = 'restart'
const MEMORY = 'memory'

const say = (line: string): boolean =>
  process.stderr.write(`# ${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}\n`)
const interrupted = new AbortController()

async function bench(options: Options): Promise<Results> {
  const asked = (name: string): boolean => options.only.length === 0 || options.only.includes(name)
  const skipped = contenders.flatMap((each) => (asked(each.name) ? (each.unavailable() ?? []) : []))
  const taking = contenders.filter((each) => asked(each.name) && each.unavailable() === null)
  const failures: string[] = []
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      interrupted.signal.throwIfAborted()
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
      say(`FAILED ${failures.at(-1) ?? ''}`)
      return null
    }
  }
  const machine = {
    ...{ date: new Date().toISOString().slice(0, 16), cores: cpus().length, cpu: cpus()[0]?.model ?? 'unknown' },
    ...{ linux: release(), node: process.versions.node, pidpiper: `${version} (${agentText()})`, load: load() },
  }
  say(process.env['TEST_KAFKA'] === undefined ? 'starting Kafka …' : 'using the Kafka at TEST_KAFKA')
  const broker = await startBroker()
  try {
    const topics = await Topics.connect(broker.address)
    try {
      const throughput = await rounds(topics, taking, options, attempt)
      const restarts: Restarts[] = []
      for (const protocol of asked(RESTART) ? protocols : []) {
        say(`restart latency, ${protocol}: ${options.restarts} kills …`)
        const signal = interrupted.signal
        const work = (): Promise<Restarts> => measureRestarts(protocol, topics, options.restarts, signal)
        const result = await attempt(`restart ${protocol}`, work)
        if (result) restarts.push(result)
      }
      let idle: IdleMemory | null = null
      if (asked(MEMORY)) {
        say('memory of an idle agent …')
        idle = await attempt(MEMORY, () => measureIdle(topics, interrupted.signal))
      }
      const { records } = options
      const baseline = taking[0]?.name ?? null
      return {
        machine: { ...machine, 'load at the end': load() },
        ...{ records, rounds: options.rounds, baseline, throughput, restarts, idle, skipped, failures },
      }
    } finally {
      await topics.close().catch((error: unknown) => say(`cannot delete all topics and groups: ${String(error)}`))
    }
  } finally {
    await broker.stop()
  }
}

async function rounds(
  topics: Topics,
  taking: readonly Contender[],
  options: Options,
  attempt: (what: string, work: () => Promise<Run>) => Promise<Run | null>,
): Promise<Row[]> {
  const [first] = taking
  if (first === undefined) return []
  const { records } = options
  say(`${records} records into the input topic …`)
  const input = await topics.create('in')
  await topics.fill(input, records)
  const once = (contender: Contender): Promise<Run> => measure(contender, topics, input, records, interrupted.signal)
  say(`warm-up of the broker, not counted: ${first.name} …`)
  await attempt(`warm-up with ${first.name}`, () => once(first))
  const rows = taking.map((contender) => ({ contender, name: contender.name, runs: [] as (Run | null)[] }))
  for (let round = 0; round < options.rounds; round++) {
    // Another one begins each round, so that none always runs behind the same neighbour.
    const at = round % rows.length
    for (const { contender, name, runs } of [...rows.slice(at), ...rows.slice(0, at)]) {
      const run = await attempt(`${name} in round ${round + 1}`, () => once(contender))
      runs.push(run)
      if (run === null) continue
      const { recordsPerSecond, seconds, duplicates } = run
      const more = duplicates > 0 ? `, ${duplicates} duplicates` : ''
      const speed = `${(recordsPerSecond / 1000).toFixed(1)} k/s`
      say(
        `round ${round + 1}/${options.rounds} ${name.padEnd(19)} ${speed.padStart(10)} ${seconds.toFixed(2)} s${more}`,
      )
    }
  }
  return rows.map(({ name, runs }) => ({ name, runs }))
}

const load = (): string => loadavg()[0]?.toFixed(1) ?? ''

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupted.abort(new Error(`interrupted by ${name}`)))
}
// kafkajs causes one warning at each connection.
process.removeAllListeners('warning')
process.on('warning', (warning) => warning.name === 'TimeoutNegativeWarning' || say(String(warning)))
// Ours choose no partitioner: every topic has one partition.
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

const EX_USAGE = 64
let options: Options | 'help' | null = null
try {
  options = readOptions(process.argv.slice(2), [...contenders.map(({ name }) => name), RESTART, MEMORY])
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = EX_USAGE
}
if (options === 'help') process.stdout.write(usage)
else if (options !== null) {
  try {
    const results = await bench(options)
    const { throughput, baseline } = results
    const base = throughput.find(({ name }) => name === baseline)
    const rows = throughput.map((row) => ({ ...row, ratio: ratios(row, base) }))
    process.stdout.write(
      options.json ? `${JSON.stringify({ ...results, throughput: rows }, null, 2)}\n` : text(results),
    )
    if (results.failures.length > 0) process.exitCode = 1
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
