// node scripts/conformance/measure.ts "WORDS OF OUR DAEMON" [WHAT]
// Measures the real supervisord and ours in one run, taking turns, and prints ratios beside what is asked for.
import { resolve } from 'node:path'
import process from 'node:process'
import { spread } from '../../bench/statistics.ts'
import { realDaemon, type DaemonCommand } from './daemon.ts'
import { joinCpuGroup } from './measure/one-cpu-group.ts'
import { answers, idle, restartLatencies, shutDown, startUp, throughput } from './measure/measurements.ts'

const [words, wanted = ''] = process.argv.slice(2)
if (words === undefined) {
  process.stderr.write('usage: node scripts/conformance/measure.ts "dist/pidpiper supervisord" [WHAT]\n')
  process.exit(64)
}
const [file = '', ...first] = words.split(' ')
// Each daemon is started in a folder of its own.
const ours: DaemonCommand = [file.includes('/') ? resolve(file) : file, ...first]

const median = (values: readonly number[]): number => spread(values)?.median ?? NaN

interface Row {
  readonly what: string
  readonly unit: string
  /** Rounds; absent: one. */
  readonly times?: number
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

const rotations = [
  ['50 MB and 10 backups', 'stdout_logfile_maxbytes=50MB\nstdout_logfile_backups=10'],
  ['no rotation', 'stdout_logfile_maxbytes=0'],
] as const

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
    times: 5,
    measure: (command) => shutDown(command, 10),
    judge: faster(5),
  },
  ...(['tcp', 'unix'] as const).map((transport) => ({
    what: `getAllProcessInfo of 50 over ${transport}, median of 100`,
    unit: 'ms',
    times: 3,
    measure: async (command: DaemonCommand) => median(await answers(command, 50, 100, transport)),
    judge: faster(5),
  })),
  ...rotations.map(([name, keys]) => ({
    what: `log of one program, 400 MB, ${name}, median of 5`,
    unit: 'MB/s',
    times: 5,
    measure: async (command: DaemonCommand) => (await throughput(command, 400_000_000, keys)) / 1000,
    judge: (real: number, mine: number): readonly [string, boolean] => [
      `${(mine / real).toFixed(2)} times (at least 1)`,
      mine >= real,
    ],
  })),
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

const leave = joinCpuGroup()
if (leave === null)
  process.stdout.write('# no CPU group of its own to be had: on a busy machine our children are held back\n')
try {
  for (const { what, unit, times = 1, measure, judge } of rows.filter((row) => row.what.includes(wanted))) {
    const [reals, mines]: [number[], number[]] = [[], []]
    for (let time = 0; time < times; time++) {
      reals.push(await measure(realDaemon))
      mines.push(await measure(ours))
    }
    const [real, mine] = [median(reals), median(mines)]
    const [relation, good] = judge(real, mine)
    if (!good) process.exitCode = 1
    const numbers = `real ${real.toFixed(2)}, ours ${mine.toFixed(2)} ${unit}`
    process.stdout.write(`${good ? 'yes' : 'NO '}  ${what}: ${numbers}; ${relation}\n`)
  }
} finally {
  leave?.()
}
