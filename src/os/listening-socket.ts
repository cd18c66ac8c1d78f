// A listening socket that nobody here accepts from: children share it as their stdin. Node's own servers accept.
import { chmodSync, chownSync, closeSync, lstatSync, readFileSync, unlinkSync } from 'node:fs'
import net from 'node:net'
import type { Libc } from './libc.ts'

export type SocketPlace =
  | { readonly family: 'inet'; readonly host: string; readonly port: number; readonly backlog: number | null }
  | {
      readonly family: 'unix'
      readonly path: string
      readonly mode: number
      readonly owner: { readonly uid: number; readonly gid: number } | null
      readonly backlog: number | null
    }

const AF_UNIX = 1
const AF_INET = 2
const LONGEST_PATH = 107

/** Raises a system error with its code, or an Error for a host that is not known. */
export function openListeningSocket(libc: Libc, place: SocketPlace): { readonly fd: number; close(): void } {
  const unix = place.family === 'unix'
  if (unix) removeStale(place.path)
  const fd = libc.listen(
    unix ? AF_UNIX : AF_INET,
    unix ? unixAddress(place.path) : inetAddress(place),
    backlogOf(place),
  )
  try {
    if (unix) {
      chmodSync(place.path, place.mode)
      if (place.owner) chownSync(place.path, place.owner.uid, place.owner.gid)
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
  // supervisord leaves the name of a unix socket where it is.
  return { fd, close: () => closeSync(fd) }
}

/** What is left of an earlier run; anything but a socket stays, and then binding fails. */
function removeStale(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path)
}

function backlogOf({ backlog }: SocketPlace): number {
  return backlog ?? Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'))
}

/** struct sockaddr_un. Throws an Error for a path that is too long. */
export function unixAddress(path: string): Uint8Array {
  const bytes = Buffer.from(path)
  if (bytes.length > LONGEST_PATH) throw new Error(`the path ${path} has more than ${LONGEST_PATH} bytes`)
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), bytes, Buffer.alloc(1)])
}

/** struct sockaddr_in. */
function inetAddress({ host, port }: { readonly host: string; readonly port: number }): Uint8Array {
  const address = Buffer.alloc(16)
  address.writeUInt16LE(AF_INET, 0)
  address.writeUInt16BE(port, 2)
  ipv4Of(host)
    .split('.')
    .forEach((part, index) => address.writeUInt8(Number(part), 4 + index))
  return address
}

function ipv4Of(host: string): string {
  if (host === '' || host === '*') return '0.0.0.0'
  if (net.isIPv4(host)) return host
  if (host === 'localhost') return '127.0.0.1'
  const lines = readFileSync('/etc/hosts', 'utf8').split('\n')
  const words = lines.map((line) => (line.split('#')[0] ?? '').trim().split(/\s+/))
  const found = words.find(([ip = '', ...names]) => net.isIPv4(ip) && names.includes(host))?.[0]
  if (found === undefined) throw new Error(`the host ${host} is no IPv4 address, and not in /etc/hosts`)
  return found
}
