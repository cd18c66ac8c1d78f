// `npm start`: the main job on local streams. Sample readings go through a sample Calculator (plain sed), and you see it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { Snapshot } from '../src/engine/snapshot.ts'

const RECORDS = 200_000
const root = join(import.meta.dirname, '..')
const folder = join(root, '.build', 'demo')
const readings = join(folder, 'readings.jsonl')
const scores = join(folder, 'scores.jsonl')
/** Marks readings of 30 degrees and more; -u: flush each line, as every Calculator must. */
const calculator = ['sed', '-u', 's/"celsius":3[0-9.]*/&,"alert":true/']

const say = (text: string): boolean => process.stdout.write(text)
const shown = (path: string): string => relative(root, path)
const dim = (text: string): string => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[0m` : text)

async function writeReadings(): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const file = createWriteStream(readings)
  for (let i = 0; i < RECORDS; i++) {
    const celsius = (18 + 14 * Math.sin(i / 700)).toFixed(1)
    if (!file.write(`{"sensor":"s${i % 50}","at":${i},"celsius":${celsius}}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function firstLines(file: string, count: number): Promise<string[]> {
  const found: string[] = []
  const input = createReadStream(file)
  for await (const line of createInterface({ input })) {
    found.push(line)
    if (found.length === count) break
  }
  input.destroy()
  return found
}

function progress({ streams }: Snapshot): void {
  const counters = streams[0]?.counters
  if (counters) say(`  ${counters.recordsIn} of ${RECORDS} records in, ${counters.recordsOut} out\n`)
}

async function run(port: number): Promise<{ code: number | null; seconds: number }> {
  const words = ['--in', readings, '--out', scores, '--bin', calculator[0] ?? '']
  const args = calculator.slice(1).flatMap((arg) => ['--arg', arg])
  const began = performance.now()
  const agent = spawn(process.execPath, [join(root, 'src', 'main.ts'), ...words, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, OUTPUT_JSON: 'true', LOG_LEVEL: 'warn', HTTP_LISTEN: `127.0.0.1:${port}` },
  })
  const watch = setInterval(() => {
    fetch(`http://127.0.0.1:${port}/status`)
      .then(async (answer) => progress((await answer.json()) as Snapshot))
      // Not listening yet, or not any more: then there is nothing to show.
      .catch(() => undefined)
  }, 250)
  await once(agent, 'close')
  clearInterval(watch)
  return { code: agent.exitCode, seconds: (performance.now() - began) / 1000 }
}

say(`pidpiper starts a program, feeds it records as lines, and takes its lines as records.\n\n`)
say(`1. ${RECORDS} sample readings → ${shown(readings)}\n`)
await writeReadings()
say(`2. through the Calculator: ${calculator.join(' ')}\n`)
const { code, seconds } = await run(await freePort())
say(`3. done in ${seconds.toFixed(1)} s → ${shown(scores)}\n\n`)
const [inputs, outputs] = [await firstLines(readings, 2000), await firstLines(scores, 2000)]
for (const at of [0, 1000]) {
  say(`   a line in   ${inputs[at] ?? ''}\n   a record out ${dim(outputs[at] ?? '')}\n\n`)
}
say(
  code === 0
    ? `It worked. The same with your program:\n   npm start is   pidpiper --in FILE --out FILE --bin PROGRAM --args A,B\n` +
        `   on Kafka it is KAFKA_DSN=… INPUT_TOPICS=… OUTPUT_TOPIC=… NODE_ID=… pidpiper --bin PROGRAM\n`
    : `It failed with exit code ${code ?? 'none'}: see the lines above.\n`,
)
process.exitCode = code === 0 ? 0 : 1
