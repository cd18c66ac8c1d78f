// Collects orphans that were re-parented to the agent. It never waits for a pid it has not seen dead and foreign:
// waiting for any child would steal the exit statuses of libuv's own.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { messageOf } from '../domain/errors.ts'
import type { ExitStatus } from '../domain/process/state.ts'
import { isOwnChild } from './own-children.ts'
import { exitStatusOf } from './exit-status.ts'
import { readStat } from './proc-files.ts'
import type { Libc } from './libc.ts'

/** SIGCHLDs that arrive together are delivered once, and one may be lost between two looks. */
const SWEEP_EVERY_MS = 1000

/**
 * From now on no adopted process stays a zombie. When the agent is not PID 1 it becomes subreaper, so that the orphans
 * of its children come to it and not to the system's init.
 * @param onReaped told of each one
 * @returns `refused`: why the kernel does not let it be subreaper (an emulator, a seccomp profile); the system's init
 *   gets the orphans then, as without an agent
 */
export function startReaper(
  libc: Libc,
  onReaped: (pid: number, status: ExitStatus) => void = () => undefined,
): { readonly refused: string | null; stop(): void } {
  const refused = process.pid === 1 ? null : refusal(() => libc.setSubreaper(true))
  const subreaper = process.pid !== 1 && refused === null
  const sweep = (): void => {
    for (const pid of adoptedZombies()) {
      const status = libc.reap(pid)
      if (status !== null) onReaped(pid, exitStatusOf(status))
    }
  }
  process.on('SIGCHLD', sweep)
  const timer = setInterval(sweep, SWEEP_EVERY_MS)
  timer.unref()
  sweep()
  return {
    refused,
    stop() {
      process.off('SIGCHLD', sweep)
      clearInterval(timer)
      if (subreaper) libc.setSubreaper(false)
    },
  }
}

function refusal(ask: () => void): string | null {
  try {
    ask()
    return null
  } catch (error) {
    return messageOf(error)
  }
}

function adoptedZombies(): number[] {
  return children().filter((pid) => {
    if (isOwnChild(pid)) return false
    const stat = readStat(pid)
    return stat?.state === 'Z' && stat.ppid === process.pid
  })
}

/** Orphans are handed to the first living thread, which is the main one; kernels without the list need a full scan. */
function children(): number[] {
  let list: string
  try {
    list = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
  } catch {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  }
  return list.split(' ').filter(Boolean).map(Number)
}
