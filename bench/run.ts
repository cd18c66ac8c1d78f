// `npm run bench`: pidpiper and its peers on the same broker with the same records and the same child, in one run.
// Numbers are reported, and held against the promises; what fails the run is a contender that loses records.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'
import { version } from '../src/version.ts'
import { Bench } from './bench.ts'
import { startBroker } from './broker.ts'
import { agentText, prepareAgent } from './contenders/pidpiper.ts'
import { readOptions, usage, type Options } from './options.ts'
import { contenders } from './plan.ts'
import { text } from './report.ts'
import type { Results } from './results.ts'
import { Topics } from './topics.ts'
import { verdict } from './verdict.ts'

const EX_USAGE = 64
const interrupted = new AbortController()
const load = (): string => loadavg()[0]?.toFixed(1) ?? ''
const say = (line: string): boolean =>
  process.stderr.write(`# ${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}\n`)

async function bench(options: Options): Promise<Results> {
  say('looking for an up-to-date binary …')
  const unbuilt = prepareAgent()
  const machine = {
    ...{ date: new Date().toISOString().slice(0, 16), cores: cpus().length, cpu: cpus()[0]?.model ?? 'unknown' },
    ...{ linux: release(), node: process.versions.node, pidpiper: `${version} (${agentText()})`, load: load() },
  }
  say(process.env['TEST_KAFKA'] === undefined ? 'starting Kafka …' : 'using the Kafka at TEST_KAFKA')
  const broker = await startBroker()
  try {
    const topics = await Topics.connect(broker.address)
    try {
      const run = new Bench(topics, options, interrupted.signal, say)
      const missing = [...run.missing(), ...(unbuilt === null ? [] : [unbuilt])]
      for (const why of missing) say(`missing here: ${why}`)
      const found = {
        rows: await run.throughput(),
        latencies: await run.latencies(),
        restarts: await run.restarts(),
        starts: await run.starts(),
        loaded: await run.loaded(),
      }
      const { rounds } = options
      return { machine: { ...machine, 'load at the end': load() }, rounds, ...found, missing, failures: run.failures }
    } finally {
      await topics.close().catch((error: unknown) => say(`cannot delete all topics and groups: ${String(error)}`))
    }
  } finally {
    await broker.stop()
  }
}

function store(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...results, verdict: verdict(results) }, null, 2)}\n`)
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupted.abort(new Error(`interrupted by ${name}`)))
}
// Ours choose no partitioner: every record names its partition, or there is only one.
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

let options: Options | 'help' | null = null
try {
  const names = contenders.map(({ name }) => name)
  options = readOptions(process.argv.slice(2), names)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = EX_USAGE
}
if (options === 'help') process.stdout.write(usage)
else if (options !== null) {
  try {
    const results = await bench(options)
    store(options.json, results)
    process.stdout.write(text(results))
    say(`stored in ${options.json}`)
    if (results.failures.length > 0) process.exitCode = 1
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
