// A terminal for a child's stdout: what decides by isatty(3) then flushes after each line. Bytes pass as they are.
import { closeSync, constants, openSync } from 'node:fs'
import { AgentError, messageOf } from '../domain/errors.ts'
import type { Libc } from './libc.ts'

/** ioctl_tty(2); the same numbers on x86_64 and arm64. */
const TCGETS = 0x5401
const TCSETS = 0x5402
const TIOCSWINSZ = 0x5414
const TIOCGPTN = 0x80045430
const TIOCSPTLCK = 0x40045431

/** The kernel's struct termios: four words of flags (input, output, control, local), the discipline, 19 characters. */
const TERMIOS_BYTES = 36
/** What cfmakeraw(3) clears of the four, and sets of the third. */
const RAW_CLEARS = [0x5eb, 0x1, 0x130, 0x804b] as const
const CS8 = 0x30

/** Wide, so that no program folds its lines. */
const ROWS = 50
const COLUMNS = 4096

export interface PseudoTerminal {
  /** Where the agent reads what the child prints. */
  readonly ours: number
  /** The child's stdout. */
  readonly theirs: number
}

/**
 * A raw terminal without echo and without translation of newlines, that is nobody's controlling terminal. Throws
 * SPAWN_ERROR where the machine gives none.
 */
export function openPseudoTerminal(libc: Libc): PseudoTerminal {
  const open: number[] = []
  const opened = (path: string, flags: number): number => {
    const fd = openSync(path, flags | constants.O_RDWR | constants.O_NOCTTY)
    open.push(fd)
    return fd
  }
  try {
    const ours = opened('/dev/ptmx', constants.O_NONBLOCK)
    libc.terminal(ours, TIOCSPTLCK, new Uint8Array(4))
    const number = new Uint8Array(4)
    libc.terminal(ours, TIOCGPTN, number)
    const theirs = opened(`/dev/pts/${new DataView(number.buffer).getUint32(0, true)}`, 0)
    makeRaw(libc, theirs)
    libc.terminal(theirs, TIOCSWINSZ, new Uint8Array(Uint16Array.of(ROWS, COLUMNS, 0, 0).buffer))
    return { ours, theirs }
  } catch (cause) {
    for (const fd of open) closeSync(fd)
    const reason = messageOf(cause)
    throw new AgentError('SPAWN_ERROR', `CHILD_STDOUT=pty: cannot open a terminal: ${reason}`, { cause })
  }
}

function makeRaw(libc: Libc, fd: number): void {
  const termios = new Uint8Array(TERMIOS_BYTES)
  libc.terminal(fd, TCGETS, termios)
  const view = new DataView(termios.buffer)
  for (const [word, clears] of RAW_CLEARS.entries()) {
    const sets = word === 2 ? CS8 : 0
    view.setUint32(word * 4, (view.getUint32(word * 4, true) & ~clears) | sets, true)
  }
  libc.terminal(fd, TCSETS, termios)
}
