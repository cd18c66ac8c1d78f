import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'

/**
 * Names by which this machine may be asked for, in lower case: localhost, its host name with and without domain, and
 * what the hosts file calls its own addresses (a container's file names it so).
 */
export function machineNames(hostsFile = '/etc/hosts'): Set<string> {
  const own = hostname().toLowerCase()
  const addresses = new Set(
    Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address)),
  )
  const isOwn = (address: string): boolean => addresses.has(address) || address.startsWith('127.')
  const listed = hostsLines(hostsFile).flatMap(([address = '', ...names]) => (isOwn(address) ? names : []))
  return new Set(['localhost', own, own.split('.')[0] ?? own, ...listed])
}

/** Lines as words; none where the file cannot be read, since nothing depends on it. */
function hostsLines(file: string): string[][] {
  try {
    const lines = readFileSync(file, 'utf8').toLowerCase().split('\n')
    return lines.map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
  } catch {
    return []
  }
}
