// Single files of /proc, read and parsed. A process that is gone is null; a file that may not be read throws Hidden.
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { codeOf } from '../domain/errors.ts'

/** The kernel keeps this from us (other user, hidepid, ptrace policy). */
export class Hidden extends Error {
  override readonly name = 'Hidden'
}

export interface Stat {
  readonly state: string
  readonly ppid: number
  readonly pgrp: number
  readonly session: number
}

/** State and kinship, of /proc/<pid>/stat. */
export function readStat(pid: number): Stat | null {
  const text = orNull(() => readText(`/proc/${pid}/stat`))
  if (text === null) return null
  // The name in parentheses may hold blanks and parentheses itself; the fields begin after the last one.
  const [state = '', ppid, pgrp, session] = text.slice(text.lastIndexOf(')') + 2).split(' ', 4)
  return { state, ppid: Number(ppid), pgrp: Number(pgrp), session: Number(session) }
}

/** Resident memory in bytes; null also for a process that has none any more. */
export function readMemoryUse(pid: number): number | null {
  const text = orNull(() => readText(`/proc/${pid}/status`))
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text ?? '')?.[1]
  return kib === undefined ? null : Number(kib) * 1024
}

/** All processes that can be seen. Throws where there is no /proc. */
export const listPids = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger)

/** Thread ids, as names of folders. */
export const listThreads = (pid: number): string[] | null => orNull(() => readdirSync(`/proc/${pid}/task`))

/** Time on a CPU in ns. */
export function readCpu(pid: number, tid: string): bigint | null {
  const text = orNull(() => readText(`/proc/${pid}/task/${tid}/schedstat`))
  return text === null ? null : BigInt(text.split(' ', 1)[0] ?? '0')
}

/** `running`, or the system call a thread is blocked in; number -1 when it is blocked outside of one. */
export type Blocked = 'running' | { readonly number: number; readonly args: readonly bigint[] }

/** What a thread is doing now. */
export function readSyscall(pid: number, tid: string): Blocked | null {
  const text = orNull(() => readText(`/proc/${pid}/task/${tid}/syscall`))
  if (text === null) return null
  const [first = '', ...rest] = text.trim().split(' ')
  return first === 'running' ? 'running' : { number: Number(first), args: rest.map(BigInt) }
}

/** What a descriptor of a process is: `pipe:[4711]`, `socket:[…]`, a path. */
export const readFd = (pid: number, fd: number): string | null => orNull(() => readlinkSync(`/proc/${pid}/fd/${fd}`))

/** `length` bytes, or as many as there are, of the memory of a process. Needs the rights of a tracer. */
export function readMemory(pid: number, address: bigint, length: number): Buffer | null {
  return orNull(() => {
    const file = openSync(`/proc/${pid}/mem`, 'r')
    try {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(file, bytes, 0, length, address))
    } finally {
      closeSync(file)
    }
  })
}

/** Far more than any of these files has. */
const line = Buffer.allocUnsafeSlow(4096)

/** A look at a group reads a file of every process of the machine: readFileSync would make 8 KiB of garbage for each. */
function readText(path: string): string {
  const file = openSync(path, 'r')
  try {
    return line.toString('latin1', 0, readSync(file, line, 0, line.length, null))
  } finally {
    closeSync(file)
  }
}

function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (cause) {
    if (['ENOENT', 'ESRCH', 'EIO', 'EINVAL'].includes(codeOf(cause))) return null
    throw new Hidden('cannot read /proc', { cause })
  }
}
