// What a blocked thread waits for, by system call number. Numbers: Linux uapi, x86_64 and the generic table of arm64.

/**
 * `read`: bytes of one descriptor. `poll`, `select`: any of a set of descriptors.
 * `wait`: an event whose source cannot be told (epoll, another thread, a child, a signal).
 */
export type WaitKind = 'read' | 'poll' | 'select' | 'wait'

const x64: Readonly<Record<number, WaitKind>> = {
  0: 'read',
  19: 'read', // readv
  7: 'poll',
  271: 'poll', // ppoll
  23: 'select',
  270: 'select', // pselect6
  232: 'wait', // epoll_wait
  281: 'wait', // epoll_pwait
  441: 'wait', // epoll_pwait2
  202: 'wait', // futex
  449: 'wait', // futex_waitv
  455: 'wait', // futex_wait
  61: 'wait', // wait4
  247: 'wait', // waitid
  34: 'wait', // pause
  128: 'wait', // rt_sigtimedwait
  130: 'wait', // rt_sigsuspend
}

const arm64: Readonly<Record<number, WaitKind>> = {
  63: 'read',
  65: 'read', // readv
  73: 'poll', // ppoll
  72: 'select', // pselect6
  22: 'wait', // epoll_pwait
  441: 'wait', // epoll_pwait2
  98: 'wait', // futex
  449: 'wait', // futex_waitv
  455: 'wait', // futex_wait
  260: 'wait', // wait4
  95: 'wait', // waitid
  137: 'wait', // rt_sigtimedwait
  133: 'wait', // rt_sigsuspend
}

/** The table of an architecture as `process.arch` names it; null where none is known. */
export function waitKinds(arch: string): Readonly<Record<number, WaitKind>> | null {
  return arch === 'x64' ? x64 : arch === 'arm64' ? arm64 : null
}
