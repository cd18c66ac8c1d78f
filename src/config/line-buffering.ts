// CHILD_STDOUT=line: what coreutils' stdbuf(1) does, without a process of its own in front of the Calculator.
import type { Findings } from './findings.ts'

/** Where distributions keep the library, seen from the folder that holds `bin`. */
const places = ['libexec/coreutils', 'lib/coreutils', 'lib64/coreutils'].map((place) => `${place}/libstdbuf.so`)

/** The library beside the first `bin` folder of PATH that has one; a problem is reported where none has. */
export function lineBuffering(findings: Findings): string | null {
  const { environment, machine } = findings
  const folders = (environment['PATH'] ?? '').split(':').filter((folder) => folder.endsWith('/bin'))
  const prefixes = [...new Set([...folders.map((folder) => folder.slice(0, -'bin'.length)), '/usr/'])]
  const files = prefixes.flatMap((prefix) => places.map((place) => prefix + place))
  const found = files.find((file) => ['file', 'program'].includes(machine.kind(file))) ?? null
  if (found === null) {
    const cure = "should be as-is or pty on this machine, which lacks libstdbuf.so (coreutils' stdbuf library)"
    findings.problem('CHILD_STDOUT', `${cure}: it is not at ${places.map((place) => `/usr/${place}`).join(', ')}`)
  }
  return found
}
