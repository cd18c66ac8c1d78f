import { readdirSync, readlinkSync } from 'node:fs'

/** The descriptor of this process that is open on the file. */
export function descriptorOf(path: string): number {
  const found = readdirSync('/proc/self/fd').find((fd) => linkOf(`/proc/self/fd/${fd}`) === path)
  if (found === undefined) throw new Error(`nobody has ${path} open`)
  return Number(found)
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    // The descriptor of the listing itself is closed by now.
    return null
  }
}
