// Signals are the process's, so what is known of them here is, too. As PID 1 the kernel drops a signal without a handler,
// and elsewhere it ends us in the midst of a start: hence a handler from the first moment on, whoever is to follow.
import { constants } from 'node:os'
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import type { Libc } from './libc.ts'

export type AgentSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2' | 'SIGCHLD'

/** The rest asks for something of what is not there yet. */
const ends = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const
const heldOnes = [...ends, 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Signals that came and that nobody has handled yet, each once. */
const waiting = new Set<NodeJS.Signals>()
const keep = (signal: NodeJS.Signals): void => void waiting.add(signal)

/** Keeps signals for the next `onSignals`. */
export function holdSignals(): void {
  for (const signal of heldOnes) process.on(signal, keep)
}

/** Resolves when everything that has come is held. */
export async function signalsHeard(): Promise<void> {
  // The first turn may be the end of the one that we are in, which looked for signals before we began.
  await turn()
  await turn()
}

/**
 * The executable runs with Node's --disable-sigusr1, so that the signal opens no debugger, at no moment of its life. Node
 * leaves it blocked then: it is heard only from here on, and one that came before is held.
 */
export function hearSigusr1(libc: Pick<Libc, 'unblock'>): void {
  libc.unblock(constants.signals.SIGUSR1)
}

/** Nobody is going to handle them: what is held takes effect, and what comes from now on does. */
export function releaseSignals(): void {
  letGo()
  for (const signal of waiting) process.kill(process.pid, signal)
  waiting.clear()
}

/**
 * Calls a handler for each arrival of its signal, and at once for one that was held and asks for the end. Signals without
 * a handler keep, or get back, their default.
 * @returns gives the signals back to their defaults
 */
export function onSignals(handlers: Readonly<Partial<Record<AgentSignal, () => void>>>): () => void {
  const entries = Object.entries(handlers) as [AgentSignal, () => void][]
  const listeners = entries.map(([signal, handle]) => [signal, () => handle()] as const)
  for (const [signal, listener] of listeners) process.on(signal, listener)
  letGo()
  for (const signal of ends) if (waiting.has(signal)) handlers[signal]?.()
  waiting.clear()
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener)
  }
}

function letGo(): void {
  for (const signal of heldOnes) process.off(signal, keep)
}
