// node scripts/conformance/measure.ts "WORDS OF OUR DAEMON"
// Measures the real supervisord and ours in one run, one after the other, and prints ratios beside what is asked for.
import process from 'node:process'
import { spread } from '../../bench/statistics.ts'
import { realDaemon, type DaemonCommand } from './daemon.ts'
import { answers, idle, restartLatencies, shutDown, startUp, throughput } from './measure/measurements.ts'

const [words] = process.argv.slice(2)
if (words === undefined) {
  process.stderr.write('usage: node scripts/conformance/measure.ts "dist/pidpiper supervisord"\n')
  process.exit(64)
}
const [file = '', ...first] = words.split(' ')
const ours: DaemonCommand = [file, ...first]

const median = (values: readonly number[]): number => spread(values)?.median ?? NaN

async function repeated(times: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let time = 0; time < times; time++) values.push(await measure())
  return median(values)
}

interface Row {
  readonly what: string
  readonly unit: string
  readonly measure: (command: DaemonCommand) => Promise<number>
  /** Says the relation and whether it is as asked. */
  readonly judge: (real: number, ours: number) => readonly [string, boolean]
}

const faster =
  (least: number) =>
  (real: number, mine: number): readonly [string, boolean] => {
    return [`${(real / mine).toFixed(1)} times faster (at least ${least})`, real / mine >= least]
  }

let idleOf = new Map<DaemonCommand, { memory: number; cpu: number }>()
async function idleWith50(command: DaemonCommand): Promise<{ memory: number; cpu: number }> {
  const known = idleOf.get(command) ?? (await idle(command, 50, 30))
  idleOf = idleOf.set(command, known)
  return known
}

const rows: readonly Row[] = [
  {
    what: 'kill -9 to RUNNING, startsecs=0, median of 15',
    unit: 'ms',
    measure: async (command) => median(await restartLatencies(command, 15)),
    judge: faster(100),
  },
  {
    what: 'start to 500 RUNNING, startsecs=1',
    unit: 'ms',
    measure: (command) => startUp(command, 500, 1),
    judge: faster(1),
  },
  {
    what: 'SIGTERM to exit, 10 programs, median of 5',
    unit: 'ms',
    measure: (command) => repeated(5, () => shutDown(command, 10)),
    judge: faster(5),
  },
  {
    what: 'getAllProcessInfo of 50 over TCP, median of 100',
    unit: 'ms',
    measure: async (command) => median(await answers(command, 50, 100)),
    judge: faster(5),
  },
  {
    what: 'log of one program, 400 MB, median of 3',
    unit: 'MB/s',
    measure: async (command) => (await repeated(3, () => throughput(command, 400_000_000))) / 1000,
    judge: (real, mine) => [`${(mine / real).toFixed(2)} times (at least 1)`, mine >= real],
  },
  {
    what: 'resident memory, 50 programs',
    unit: 'MB',
    measure: async (command) => (await idleWith50(command)).memory / 1024,
    judge: (real, mine) => [`${(mine / real).toFixed(2)} times (at most 2.5)`, mine / real <= 2.5],
  },
  {
    what: 'idle, 50 programs, 30 s',
    unit: '% of a core',
    measure: async (command) => (await idleWith50(command)).cpu,
    judge: (real, mine) => [`${(mine - real).toFixed(2)} above (at most 0.1)`, mine - real <= 0.1],
  },
]

for (const { what, unit, measure, judge } of rows) {
  const real = await measure(realDaemon)
  const mine = await measure(ours)
  const [relation, good] = judge(real, mine)
  if (!good) process.exitCode = 1
  const numbers = `real ${real.toFixed(2)}, ours ${mine.toFixed(2)} ${unit}`
  process.stdout.write(`${good ? 'yes' : 'NO '}  ${what}: ${numbers}; ${relation}\n`)
}
