import process from 'node:process'

export type AgentSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2' | 'SIGCHLD'

/**
 * Calls a handler for each arrival of its signal. Signals without a handler keep their default.
 * As PID 1 the kernel drops a signal without a handler, so SIGTERM needs one from the first moment.
 * @returns gives the signals back to their defaults
 */
export function onSignals(handlers: Readonly<Partial<Record<AgentSignal, () => void>>>): () => void {
  const entries = Object.entries(handlers) as [AgentSignal, () => void][]
  const listeners = entries.map(([signal, handle]) => [signal, () => handle()] as const)
  for (const [signal, listener] of listeners) process.on(signal, listener)
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener)
  }
}
