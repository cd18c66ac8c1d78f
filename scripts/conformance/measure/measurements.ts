// What is measured, each on a daemon of its own.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { asNumber, asProcess } from '../../../src/faces/supervisord/ctl/answers.ts'
import { encodeCall } from '../../../src/wire/xmlrpc/encode.ts'
import { startDaemon, type Daemon, type DaemonCommand } from '../daemon.ts'
import { programs } from './config.ts'
import { LeanClient, rpcRequest } from './lean-client.ts'
import { MainLog } from './main-log.ts'

const SLEEP = 'command=sleep 100000\nautorestart=true'
/** User and system time in /proc come in hundredths of a second. */
const TICK_MS = 10
/** Answers until a daemon that stays up for months is as fast as it gets. */
const WARM_UP = 100

/** Runs `work` on a daemon with this configuration; `began` is the instant before it was started, ms since the epoch. */
async function on<T>(
  command: DaemonCommand,
  config: string,
  work: (daemon: Daemon, log: MainLog, began: number) => Promise<T>,
): Promise<T> {
  const began = Date.now()
  const daemon = await startDaemon(command, config)
  const log = new MainLog(join(daemon.folder, 'main.log'))
  try {
    return await work(daemon, log, began)
  } finally {
    log.close()
    await daemon.stop()
  }
}

/** Ms from SIGKILL of a child to RUNNING of the next, each time. */
export const restartLatencies = (command: DaemonCommand, times: number): Promise<number[]> =>
  on(command, programs(1, `${SLEEP}\nstartsecs=0`), async ({ server }, log) => {
    await log.entered(1)
    const latencies: number[] = []
    for (let time = 0; time < times; time++) {
      // Longer than the second within which a restart of a program that lives no second is put off.
      await pause(1_100 + 37 * time)
      const { all } = asProcess(await server.call('supervisor.getProcessInfo', ['p000']), 'getProcessInfo')
      const pid = asNumber(all['pid'], 'pid')
      await pause(200)
      const killed = Date.now()
      process.kill(pid, 'SIGKILL')
      latencies.push((await log.entered(1)) - killed)
    }
    return latencies
  })

/** Ms from the start of the daemon until all are RUNNING. */
export const startUp = (command: DaemonCommand, count: number, startsecs: number): Promise<number> =>
  on(command, programs(count, `${SLEEP}\nstartsecs=${startsecs}`), async (_daemon, log, began) => {
    return (await log.entered(count)) - began
  })

/** Ms from SIGTERM until the daemon has left. */
export const shutDown = (command: DaemonCommand, count: number): Promise<number> =>
  on(command, programs(count, `${SLEEP}\nstartsecs=0`), async (daemon, log) => {
    await log.entered(count)
    await pause(300)
    const began = performance.now()
    await daemon.stop()
    return performance.now() - began
  })

export type Transport = 'tcp' | 'unix'

/** Ms of each getAllProcessInfo, on one connection, until its last byte is here; the first answers do not count. */
export const answers = (
  command: DaemonCommand,
  count: number,
  times: number,
  transport: Transport,
): Promise<number[]> =>
  on(command, programs(count, `${SLEEP}\nstartsecs=0`), async ({ port, folder }, log) => {
    await log.entered(count)
    const client = await LeanClient.connect(
      transport === 'tcp' ? { port, host: '127.0.0.1' } : { path: join(folder, 'sock') },
    )
    const question = rpcRequest(encodeCall('supervisor.getAllProcessInfo', []))
    for (let time = 0; time < WARM_UP; time++) await client.ask(question)
    const latencies: number[] = []
    for (let time = 0; time < times; time++) latencies.push(await client.ask(question))
    client.close()
    return latencies
  })

/** Bytes per ms that one program gets into its log, `size` in all; `rotation` is the log's keys for it. */
export const throughput = (command: DaemonCommand, size: number, rotation: string): Promise<number> => {
  const flood = `yes ${'x'.repeat(99)} | head -c ${size}; sleep 100000`
  const keys = `command=sh -c "${flood}"\nstopasgroup=true\nautostart=false\nstartsecs=0`
  const config = programs(1, `${keys}\nstdout_logfile=%(here)s/out\n${rotation}`)
  return on(command, config, async ({ server, folder }) => {
    const began = performance.now()
    await server.call('supervisor.startProcess', ['p000', false])
    while (logged(folder) < size) {
      if (performance.now() - began > 120_000) throw new Error('the log does not grow')
      await pause(2)
    }
    return size / (performance.now() - began)
  })
}

/** Bytes in the log `out` and its backups; one that is renamed meanwhile counts once, or the next time. */
function logged(folder: string): number {
  const names = readdirSync(folder).filter((name) => name.startsWith('out'))
  const found = names.flatMap((name) => statSync(join(folder, name), { throwIfNoEntry: false }) ?? [])
  const sizes = [...new Map(found.map(({ ino, size }) => [ino, size])).values()]
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Resident memory in KiB, and the share of a core in percent over `seconds`, with nothing to do. */
export const idle = (
  command: DaemonCommand,
  count: number,
  seconds: number,
): Promise<{ memory: number; cpu: number }> =>
  on(command, programs(count, `${SLEEP}\nstartsecs=1`), async ({ pid }, log) => {
    await log.entered(count)
    await pause(2_000)
    const before = cpuTime(pid)
    await pause(seconds * 1000)
    const cpu = ((cpuTime(pid) - before) / (seconds * 1000)) * 100
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return { memory: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]), cpu }
  })

/** In ms, of the process itself. */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
