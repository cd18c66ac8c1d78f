// What a child and its process group are doing, judged from /proc. The judgement errs towards `busy`.
import process from 'node:process'
import { codeOf } from '../domain/errors.ts'
import type { Activity } from '../engine/ports.ts'
import {
  Hidden,
  listPids,
  listThreads,
  readCpu,
  readFd,
  readMemory,
  readStat,
  readSyscall,
  type Stat,
} from './proc-files.ts'
import { waitKinds, type WaitKind } from './syscall-table.ts'

const POLLFD_BYTES = 8
const POLLIN = 0x001
const POLLRDNORM = 0x040
/** Larger sets are not looked through: no program waits for its stdin among that many descriptors. */
const MAX_DESCRIPTORS = 4096

type Thread = 'running' | 'stdin' | 'waiting' | 'busy'

/**
 * The state of the group led by `pid`, whose stdin is the pipe with inode `stdinInode` (null: it has none of ours).
 * A process that vanishes while it is looked at makes the answer `busy`; files that may not be read make it `unknown`.
 */
export function activity(pid: number, stdinInode: number | null): Activity {
  const kinds = waitKinds(process.arch)
  try {
    const members = membersOf(pid)
    if (!members.includes(pid)) return { cpu: null, parked: isThere(pid) ? 'unknown' : 'busy' }
    const threads: Thread[] = []
    let cpu = 0n
    for (const member of members) {
      for (const tid of listThreads(member) ?? ['gone']) {
        const time = readCpu(member, tid)
        if (time === null) threads.push('busy')
        else cpu += time
        threads.push(kinds === null ? 'busy' : judge(member, tid, stdinInode, kinds))
      }
    }
    return { cpu, parked: kinds === null ? 'unknown' : summary(threads, members.length) }
  } catch (error) {
    if (error instanceof Hidden) return { cpu: null, parked: 'unknown' }
    throw error
  }
}

function summary(threads: readonly Thread[], processes: number): Activity['parked'] {
  if (threads.includes('running')) return 'busy'
  if (processes === 1 && threads.includes('stdin')) return 'stdin'
  return threads.includes('busy') ? 'busy' : 'waiting'
}

/** The living processes of the group and session of `pid`, and everything below them. */
export function membersOf(pid: number): number[] {
  const stats = new Map<number, Stat>()
  for (const candidate of listPids()) {
    const stat = readStat(candidate)
    if (stat !== null && stat.state !== 'Z' && stat.state !== 'X') stats.set(candidate, stat)
  }
  const members = new Set<number>()
  const add = (member: number): void => {
    if (members.has(member)) return
    members.add(member)
    for (const [child, { ppid }] of stats) if (ppid === member) add(child)
  }
  for (const [candidate, stat] of stats) {
    if (candidate === pid || stat.pgrp === pid || stat.session === pid) add(candidate)
  }
  return [...members]
}

function judge(pid: number, tid: string, stdinInode: number | null, kinds: Readonly<Record<number, WaitKind>>): Thread {
  const blocked = readSyscall(pid, tid)
  if (blocked === null) return 'busy'
  if (blocked === 'running') return 'running'
  const kind = kinds[blocked.number]
  if (kind === undefined) return 'busy'
  const [a = 0n, b = 0n, c = 0n, d = 0n] = blocked.args
  const isStdin = (fd: number): boolean => stdinInode !== null && readFd(pid, fd) === `pipe:[${stdinInode}]`
  switch (kind) {
    case 'read':
      if (isStdin(Number(a))) return 'stdin'
      return readFd(pid, Number(a))?.startsWith('pipe:') ? 'waiting' : 'busy'
    // Without a single descriptor it is a sleep, as Python's was before 3.11: work goes on afterwards.
    case 'poll':
      if (b === 0n) return 'busy'
      return polled(pid, a, Number(b)).some(isStdin) ? 'stdin' : 'waiting'
    case 'select':
      if (a === 0n || (b === 0n && c === 0n && d === 0n)) return 'busy'
      return selected(pid, Number(a), b).some(isStdin) ? 'stdin' : 'waiting'
    case 'wait':
      return 'waiting'
  }
}

/** Descriptors of a pollfd array that are waited for as readable. */
function polled(pid: number, address: bigint, count: number): number[] {
  const memory = read(pid, address, Math.min(count, MAX_DESCRIPTORS) * POLLFD_BYTES)
  const fds: number[] = []
  for (let at = 0; at + POLLFD_BYTES <= memory.length; at += POLLFD_BYTES) {
    if (memory.readInt16LE(at + 4) & (POLLIN | POLLRDNORM)) fds.push(memory.readInt32LE(at))
  }
  return fds
}

/** Descriptors of the read set of a select. */
function selected(pid: number, count: number, address: bigint): number[] {
  const memory = read(pid, address, Math.ceil(Math.min(count, MAX_DESCRIPTORS) / 8))
  const fds: number[] = []
  for (let fd = 0; fd < memory.length * 8 && fd < count; fd += 1) {
    if (((memory[fd >> 3] ?? 0) >> (fd & 7)) & 1) fds.push(fd)
  }
  return fds
}

const read = (pid: number, address: bigint, length: number): Buffer =>
  (address === 0n || length <= 0 ? null : readMemory(pid, address, length)) ?? Buffer.alloc(0)

/** True also where the process is another user's. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
