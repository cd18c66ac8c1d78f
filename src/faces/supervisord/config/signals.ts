// Signals by name and number, as Linux numbers them on x64 and arm64.
import type { Signal } from '../../../domain/process/spec.ts'
import { repr, strip } from '../../../wire/ini/python-text.ts'
import { bad, integer } from './values.ts'

const names =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
const numbers = new Map(names.split(' ').map((name, index): [Signal, number] => [`SIG${name}`, index + 1]))
numbers.set('SIGRTMIN', 34).set('SIGRTMAX', 64)

const synonyms = new Map<string, Signal>([
  ['SIGCLD', 'SIGCHLD'],
  ['SIGPOLL', 'SIGIO'],
])

export interface SignalValue {
  readonly name: Signal
  readonly number: number
}

/**
 * A signal by its name, with or without SIG and in any case, or by its number (supervisord: datatypes.signal_number).
 * Raises BAD_CONFIGURATION.
 */
export function signal(text: string): SignalValue {
  const asNumber = /^\s*[+-]?[\d_]+\s*$/.test(text) ? integer(text) : null
  if (asNumber !== null) {
    const found = [...numbers].find(([, number]) => number === asNumber)
    if (found === undefined) throw bad(`value ${repr(text)} is not a valid signal number`)
    return { name: found[0], number: found[1] }
  }
  const upper = strip(text).toUpperCase()
  const full = upper.startsWith('SIG') ? upper : `SIG${upper}`
  const wanted = synonyms.get(full) ?? full
  const found = [...numbers].find(([name]) => name === wanted)
  if (found === undefined) throw bad(`value ${repr(text)} is not a valid signal name`)
  return { name: found[0], number: found[1] }
}
