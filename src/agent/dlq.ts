// `pidpiper dlq`: the process around the command, with its terminal and its signals.
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { DlqRequest } from '../cli/dlq-arguments.ts'
import { wantsColors } from '../config/colors.ts'
import { thisMachine } from '../config/machine.ts'
import { systemClock } from '../os/clock.ts'
import { onSignals } from '../os/signals.ts'
import { runDlq } from './dlq-command.ts'

const SIGNALLED = { SIGINT: 130, SIGTERM: 143 } as const

/** The first signal ends the work in an orderly way, the second at once. Resolves to the exit code. */
export async function dlq(request: DlqRequest): Promise<number> {
  const stopping = new AbortController()
  const left: { code: number | null } = { code: null }
  const stop = (signalled: number) => (): void => {
    if (left.code !== null) process.exit(signalled)
    left.code = signalled
    stopping.abort()
  }
  const unhook = onSignals({ SIGINT: stop(SIGNALLED.SIGINT), SIGTERM: stop(SIGNALLED.SIGTERM) })
  // Whoever read our output has seen enough, as in `dlq ls | head`.
  process.stdout.on('error', () => {
    left.code ??= 0
    stopping.abort()
  })
  const terminal = process.stdout.isTTY && process.stderr.isTTY
  try {
    const done = await runDlq(request, {
      environment: process.env,
      machine: thisMachine,
      clock: systemClock,
      signal: stopping.signal,
      out: async (text) => {
        if (!process.stdout.write(text)) await Promise.race([once(process.stdout, 'drain'), aborted(stopping.signal)])
      },
      err: (text) => void process.stderr.write(text),
      colors: wantsColors(process.stdout, process.env),
      terminal: process.stderr.isTTY,
      ask: terminal && process.stdin.isTTY ? (question) => ask(question, stopping.signal) : null,
    })
    return left.code ?? done
  } finally {
    unhook()
  }
}

const aborted = (signal: AbortSignal): Promise<unknown> => (signal.aborted ? Promise.resolve() : once(signal, 'abort'))

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  // While a line is read the terminal's Ctrl-C comes here instead of as a signal.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const answer = await reader.question(`${question} [y/N] `, { signal }).catch(() => '')
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    reader.close()
  }
}
