// node scripts/conformance/compare.ts [--daemon "WORDS"] [--client "WORDS"]
// Plays the script with the real daemon and the real client, then with the others, and prints what differs.
// `--daemon`: ours, as a command line; without it only our client is judged. `--client`: ours as a program, in place of
// the code in this process.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ourClient, programClient, realClient, type Client } from './clients.ts'
import { realDaemon, type DaemonCommand } from './daemon.ts'
import { differences } from './differences.ts'
import { play } from './play.ts'

const { values } = parseArgs({ options: { daemon: { type: 'string' }, client: { type: 'string' } } })
const wordsOf = (text: string): DaemonCommand => {
  const [file = '', ...words] = text.split(' ')
  return [file, ...words]
}
const ours = (): Client => (values.client === undefined ? ourClient() : programClient(wordsOf(values.client)))
const daemon = values.daemon === undefined ? null : wordsOf(values.daemon)

const runs: (readonly [string, DaemonCommand, () => Client])[] = [
  ['real daemon, our client', realDaemon, ours],
  ...(daemon === null
    ? []
    : [['our daemon, real client', daemon, realClient] as const, ['our daemon, our client', daemon, ours] as const]),
]
const timed = async <T>(what: string, work: Promise<T>): Promise<T> => {
  const start = performance.now()
  const result = await work
  process.stdout.write(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`)
  return result
}
const expected = timed('real daemon, real client', play(realDaemon, realClient()))
const played = runs.map(async ([name, command, client]) => {
  return { name, entries: await timed(name, play(command, client())) }
})
// All to their end: each stops its own daemon.
await Promise.allSettled([expected, ...played])
const reference = await expected
let found = 0
for (const { name, entries } of await Promise.all(played)) {
  const list = differences(reference, entries)
  found += list.length
  process.stdout.write(`== ${name}: ${entries.length} commands, ${list.length} differences\n${list.join('')}`)
}
process.exitCode = found === 0 ? 0 : 1
