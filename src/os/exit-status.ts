import os from 'node:os'
import type { Signal } from '../domain/process/spec.ts'
import type { ExitStatus } from '../domain/process/state.ts'

const numbers = new Map(Object.entries(os.constants.signals) as [Signal, number][])

/** The usual name of a signal number (6 is SIGABRT, not SIGIOT); null for none. */
function signalName(number: number): Signal | null {
  for (const [name, candidate] of numbers) {
    if (candidate === number) return name
  }
  return null
}

/** What a shell would report: the exit code, or 128 + the signal's number on this machine. */
export function exitCodeOf({ code, signal }: ExitStatus): number {
  if (signal !== null) return 128 + (numbers.get(signal) ?? 0)
  return code ?? 0
}

/** What a wait status of the kernel says. */
export function exitStatusOf(status: number): ExitStatus {
  const number = status & 0x7f
  return number === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: null, signal: signalName(number) }
}
