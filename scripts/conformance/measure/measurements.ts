// What is measured, each on a daemon of its own.
import { readFileSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { asNumber, asProcess } from '../../../src/faces/supervisord/ctl/answers.ts'
import { encodeCall } from '../../../src/wire/xmlrpc/encode.ts'
import { startDaemon, type Daemon, type DaemonCommand } from '../daemon.ts'
import { programs } from './config.ts'
import { MainLog } from './main-log.ts'

const SLEEP = 'command=sleep 100000\nautorestart=true'
/** User and system time in /proc come in hundredths of a second. */
const TICK_MS = 10

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

/** Ms of each getAllProcessInfo over TCP, on one connection, until its last byte is here. */
export const answers = (command: DaemonCommand, count: number, times: number): Promise<number[]> =>
  on(command, programs(count, `${SLEEP}\nstartsecs=0`), async ({ port }, log) => {
    await log.entered(count)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const body = encodeCall('supervisor.getAllProcessInfo', [])
    const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) }
    const latencies: number[] = []
    for (let time = 0; time < times; time++) {
      const began = performance.now()
      await new Promise<void>((resolve, reject) => {
        const question = request(
          { port, host: '127.0.0.1', path: '/RPC2', method: 'POST', agent, headers },
          (answer) => {
            answer.resume()
            answer.on('end', resolve)
          },
        )
        question.on('error', reject)
        question.end(body)
      })
      latencies.push(performance.now() - began)
    }
    agent.destroy()
    return latencies
  })

/** Bytes per ms that one program gets into its log, `size` in all. */
export const throughput = (command: DaemonCommand, size: number): Promise<number> => {
  const flood = `yes ${'x'.repeat(99)} | head -c ${size}; sleep 100000`
  const keys = `command=sh -c "${flood}"\nstopasgroup=true\nautostart=false\nstartsecs=0`
  const config = programs(1, `${keys}\nstdout_logfile=%(here)s/out\nstdout_logfile_maxbytes=0`)
  return on(command, config, async ({ server, folder }) => {
    const began = performance.now()
    await server.call('supervisor.startProcess', ['p000', false])
    const out = join(folder, 'out')
    while ((statSync(out, { throwIfNoEntry: false })?.size ?? 0) < size) {
      if (performance.now() - began > 120_000) throw new Error('the log does not grow')
      await pause(2)
    }
    return size / (performance.now() - began)
  })
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
