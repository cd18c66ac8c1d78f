// The calls of the C library that Node does not offer. Main thread only.
import { closeSync } from 'node:fs'
import process from 'node:process'
import { getSystemErrorName } from 'node:util'
import { messageOf } from '../domain/errors.ts'
import { openKoffi, type Koffi } from './native-file.ts'

/** RLIM_INFINITY. */
export const UNLIMITED = 2n ** 64n - 1n

export interface Limit {
  readonly soft: bigint
  readonly hard: bigint
}

export interface Libc {
  /** A pipe whose two ends no child inherits by accident. */
  pipe(): { readonly read: number; readonly write: number }
  /** Bytes in the pipe that nobody has read yet; `fd` may be either end. */
  unread(fd: number): number
  /** Whether nobody can read what is written to this writing end of a pipe. */
  readerless(fd: number): boolean
  /** Wishes a pipe of that many bytes. False: the kernel refused, the pipe stays as it is. */
  widen(fd: number, bytes: number): boolean
  /** One request of ioctl_tty(2), whose argument is read or filled in place. */
  terminal(fd: number, request: number, argument: Uint8Array): void
  /** No child inherits the descriptor from now on. */
  closeOnExec(fd: number): void
  /** Collects one dead child, without waiting, with its wait status. Null: it lives, or it is not ours. */
  reap(pid: number): number | null
  /** Orphans below this process become its children (on) or those of PID 1 (off). */
  setSubreaper(on: boolean): void
  /** RLIMIT_NOFILE of a process; 0 is this one. */
  openFiles(pid: number): Limit
  setOpenFiles(pid: number, limit: Limit): void
  /** RLIMIT_NPROC of this process. */
  processes(): Limit
  setProcesses(limit: Limit): void
  /** Any limit of a process (0 is this one), by the number that setrlimit has for it. */
  limit(pid: number, resource: number): Limit
  setLimit(pid: number, resource: number, limit: Limit): void
  /**
   * This thread, and what it starts, is another user from now on; root can come back by what it returns. Where it is
   * refused nothing has changed. The C library's own calls would change all threads.
   */
  become(user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }): () => void
  /** A listening socket, closed on exec; `address` is a sockaddr of the family. */
  listen(family: number, address: Uint8Array, backlog: number): number
  /** A datagram socket that does not block, closed on exec; `address` is a sockaddr_un. */
  datagrams(address: Uint8Array): number
  /** `to` is from now on what `from` is, and closed on exec. */
  duplicate(from: number, to: number): void
  /**
   * Memory of 128 KiB and more is mapped by itself from now on, and the system has it back the moment it is freed. Left
   * alone, the allocator takes buffers of up to 32 MiB from one piece, which holes keep as large as it ever was: under
   * load a fifth more, and no faster.
   */
  mapLarge(): void
  /** A signal that this thread was started with as blocked is delivered from now on, also one that came before. */
  unblock(signal: number): void
  /** One message for the system's log: facility user, priority info. */
  syslog(text: string): void
}

const O_CLOEXEC = 0o2000000
const FIONREAD = 0x541b
const POLLERR = 8
const F_SETPIPE_SZ = 1031
const F_SETFD = 2
const FD_CLOEXEC = 1
const WNOHANG = 1
const PR_SET_CHILD_SUBREAPER = 36
const M_MMAP_THRESHOLD = -3
const LARGE = 128 * 1024
const RLIMIT_NPROC = 6
const RLIMIT_NOFILE = 7
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SOCK_NONBLOCK = 0o4000
const AF_UNIX = 1
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SIG_UNBLOCK = 1
/** Bytes of a sigset_t. */
const SIGNAL_SET = 128
const LOG_USER_INFO = 8 + 6

/** System calls that change the credentials of the calling thread alone. */
const credentialCalls = {
  x64: { setgroups: 116, setresuid: 117, setresgid: 119 },
  arm64: { setgroups: 159, setresuid: 147, setresgid: 149 },
} as const

/**
 * Loads the C library through koffi. Where that is impossible (a read-only or noexec container without the file beside
 * the binary, no glibc) the reason comes back for the log, and the agent goes on with plain Node pipes and no reaper.
 */
export function loadLibc(open: () => Koffi = openKoffi): Libc | { readonly missing: string } {
  try {
    return bound(open())
  } catch (error) {
    return { missing: messageOf(error) }
  }
}

function bound(koffi: Koffi): Libc {
  const libc = koffi.load('libc.so.6')
  const pipe2 = libc.func('int pipe2(int *fds, int flags)')
  const dup3 = libc.func('int dup3(int from, int to, int flags)')
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, ...)')
  const poll = libc.func('int poll(void *fds, unsigned long count, int timeout)')
  const fcntl = libc.func('int fcntl(int fd, int command, ...)')
  const waitpid = libc.func('int waitpid(int pid, int *status, int options)')
  const prctl = libc.func('int prctl(int option, ...)')
  const prlimit = libc.func('int prlimit(int pid, int resource, void *wanted, void *present)')
  const socket = libc.func('int socket(int family, int type, int protocol)')
  const setsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)')
  const bind = libc.func('int bind(int fd, void *address, uint32_t length)')
  const listen = libc.func('int listen(int fd, int backlog)')
  const syscall = libc.func('long syscall(long number, ...)')
  const mallopt = libc.func('int mallopt(int option, int value)')
  const sigprocmask = libc.func('int sigprocmask(int how, void *set, void *before)')
  const syslog = libc.func('void syslog(int priority, str format, ...)')

  /** @throws an Error with the errno's name as `code`, as Node's own system errors have it */
  const check = (result: unknown, call: string): void => {
    if (result === -1) {
      const code = getSystemErrorName(-koffi.errno())
      throw Object.assign(new Error(`${call}: ${code}`), { code })
    }
  }

  const limit = (pid: number, resource: number): Limit => {
    const pair = new BigUint64Array(2)
    check(prlimit(pid, resource, null, pair), 'prlimit')
    const [soft = 0n, hard = 0n] = pair
    return { soft, hard }
  }
  const setLimit = (pid: number, resource: number, { soft, hard }: Limit): void =>
    check(prlimit(pid, resource, new BigUint64Array([soft, hard]), null), 'prlimit')

  const calls = process.arch === 'arm64' ? credentialCalls.arm64 : credentialCalls.x64
  const setGroups = (groups: readonly number[]): void =>
    check(syscall(calls.setgroups, 'long', groups.length, 'void *', new Uint32Array(groups)), 'setgroups')
  /** Real and effective; the saved one stays root's, for the way back. The child's exec makes it the user's too. */
  const setIds = (call: 'setresuid' | 'setresgid', id: number): void =>
    check(syscall(calls[call], 'long', id, 'long', id, 'long', 0), call)

  return {
    pipe() {
      const fds = new Int32Array(2)
      check(pipe2(fds, O_CLOEXEC), 'pipe2')
      const [read = -1, write = -1] = fds
      return { read, write }
    },
    unread(fd) {
      const count = new Int32Array(1)
      check(ioctl(fd, FIONREAD, 'int *', count), 'ioctl FIONREAD')
      return count[0] ?? 0
    },
    readerless(fd) {
      // struct pollfd: the descriptor, what is waited for, what there is. POLLERR need not be waited for.
      const asked = new Int16Array(4)
      new Int32Array(asked.buffer, 0, 1)[0] = fd
      // A signal may come first; then nothing is known.
      return poll(asked, 1, 0) === 1 && ((asked[3] ?? 0) & POLLERR) !== 0
    },
    widen: (fd, bytes) => fcntl(fd, F_SETPIPE_SZ, 'int', bytes) !== -1,
    terminal: (fd, request, argument) => check(ioctl(fd, request, 'void *', argument), 'ioctl_tty'),
    closeOnExec: (fd) => check(fcntl(fd, F_SETFD, 'int', FD_CLOEXEC), 'fcntl F_SETFD'),
    reap(pid) {
      const status = new Int32Array(1)
      return waitpid(pid, status, WNOHANG) === pid ? (status[0] ?? 0) : null
    },
    setSubreaper(on) {
      const zero = ['unsigned long', 0]
      check(prctl(PR_SET_CHILD_SUBREAPER, 'unsigned long', on ? 1 : 0, ...zero, ...zero, ...zero), 'prctl')
    },
    openFiles: (pid) => limit(pid, RLIMIT_NOFILE),
    setOpenFiles: (pid, wanted) => setLimit(pid, RLIMIT_NOFILE, wanted),
    processes: () => limit(0, RLIMIT_NPROC),
    setProcesses: (wanted) => setLimit(0, RLIMIT_NPROC, wanted),
    limit,
    setLimit,
    become(user) {
      const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] }
      const comeBack = (): void => {
        setIds('setresuid', own.uid)
        setIds('setresgid', own.gid)
        setGroups(own.groups)
      }
      try {
        setGroups(user.groups)
        setIds('setresgid', user.gid)
        setIds('setresuid', user.uid)
      } catch (error) {
        // The system may know a group and not the user, and what was changed by then stays changed.
        comeBack()
        throw error
      }
      return comeBack
    },
    listen(family, address, backlog) {
      const fd = Number(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0))
      check(fd, 'socket')
      try {
        check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Int32Array([1]), 4), 'setsockopt')
        check(bind(fd, address, address.length), 'bind')
        check(listen(fd, backlog), 'listen')
        return fd
      } catch (error) {
        closeSync(fd)
        throw error
      }
    },
    datagrams(address) {
      const fd = Number(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
      check(fd, 'socket')
      try {
        check(bind(fd, address, address.length), 'bind')
        return fd
      } catch (error) {
        closeSync(fd)
        throw error
      }
    },
    duplicate: (from, to) => check(dup3(from, to, O_CLOEXEC), 'dup3'),
    mapLarge: () => void mallopt(M_MMAP_THRESHOLD, LARGE),
    unblock(signal) {
      const set = new Uint8Array(SIGNAL_SET)
      set[(signal - 1) >> 3] = 1 << ((signal - 1) & 7)
      check(sigprocmask(SIG_UNBLOCK, set, null), 'sigprocmask')
    },
    syslog: (text) => void syslog(LOG_USER_INFO, '%s', 'str', text.replaceAll('\0', '')),
  }
}
