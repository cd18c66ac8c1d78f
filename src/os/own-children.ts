// Which children belong to libuv. Node's own waitpid collects those; the reaper must leave their statuses alone.
// Every spawn of this process (ours, execa's) passes ChildProcess.prototype.spawn, which is wrapped once, on import.
import { ChildProcess } from 'node:child_process'

const alive = new Set<number>()
const failures = new WeakMap<ChildProcess, number>()

/** Returns libuv's error number, 0 for a success. */
type Spawn = (this: ChildProcess, options: unknown) => number

const prototype = ChildProcess.prototype as unknown as { spawn: Spawn }
const original = prototype.spawn

prototype.spawn = function spawn(this: ChildProcess, options: unknown): number {
  const result = original.call(this, options)
  const pid = this.pid
  if (pid === undefined) {
    failures.set(this, result)
  } else {
    alive.add(pid)
    this.prependOnceListener('exit', () => alive.delete(pid))
  }
  return result
}

/** Whether Node started this pid and has not yet reported its end. */
export const isOwnChild = (pid: number): boolean => alive.has(pid)

/** libuv's error number of a start that failed. Node itself tells it one tick later only, by the 'error' event. */
export const spawnFailure = (child: ChildProcess): number | undefined => failures.get(child)
