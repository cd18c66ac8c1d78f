// What the first bytes of the Calculator's file say: the kernel's own answer to a missing interpreter or loader is that
// the program itself is not there, and to a foreign program that a shell should try it.
import type { Machine } from './machine.ts'
import { placesOf } from './program.ts'

/** `e_machine` of elf(5), as Node names the machines. */
const elfMachines = new Map([
  [3, 'ia32'],
  [21, 'ppc64'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'x64'],
  [183, 'arm64'],
  [243, 'riscv64'],
])
/** Machines that run the programs of an older one, too. */
const alsoRuns: Readonly<Record<string, string>> = { x64: 'ia32', arm64: 'arm' }

const foreign = new Map([
  ['4d5a', 'Windows'],
  ['cffaedfe', 'macOS'],
])

/** The beginning of programs that are for Linux and for Windows (Cosmopolitan). */
const BOTH = 'MZqFpD'

/** Why `file`, which may be executed, will hardly start, as the end of a sentence; null where nothing says so. */
export function programFault(file: string, path: string | undefined, machine: Machine): string | null {
  const head = machine.head(file)
  // Executable and not readable, or gone: the start will tell.
  if (head === null) return null
  if (head.length === 0) return 'is an empty file'
  if (head.subarray(0, 2).toString() === '#!') return scriptFault(head, path, machine)
  if (head.subarray(0, 4).toString('latin1') === '\x7fELF') return elfFault(head, machine)
  if (head.subarray(0, 6).toString('latin1') === BOTH) return null
  const system = foreign.get(head.toString('hex', 0, 2)) ?? foreign.get(head.toString('hex', 0, 4))
  return system === undefined ? null : `is a program for ${system}: build it for Linux`
}

function scriptFault(head: Buffer, path: string | undefined, machine: Machine): string | null {
  const [line = ''] = head.toString('utf8').slice(2).split('\n', 1)
  if (line.endsWith('\r')) return 'has the line ends of Windows, and cannot start with them: sed -i "s/\\r$//" mends it'
  const [interpreter = '', word = ''] = line.trim().split(/\s+/)
  if (machine.kind(interpreter) !== 'program') {
    return `asks for ${interpreter} in its first line, which is no program here: install it, or name another`
  }
  if (!/^\/(usr\/)?bin\/env$/.test(interpreter) || !/^[\w.+-]+$/.test(word) || word.startsWith('-')) return null
  const isThere = placesOf(word, path).some((place) => machine.kind(place) === 'program')
  return isThere ? null : `asks for ${word} in its first line, which is not in PATH: install it, or name another`
}

function elfFault(head: Buffer, machine: Machine): string | null {
  const built = elfMachines.get(head.length < 20 ? -1 : head.readUInt16LE(18))
  if (built !== undefined && built !== machine.arch && built !== alsoRuns[machine.arch]) {
    return `is a program for ${built}, and this machine is ${machine.arch}: without an emulator it cannot start`
  }
  const loader = loaderOf(head)
  if (loader === null || machine.kind(loader) !== 'missing') return null
  return `asks for the loader ${loader}, which is not here: it was built for another distribution (glibc, musl)`
}

const PT_INTERP = 3

/** PT_INTERP of a 64-bit program with the low byte first; null where it has none, or it is not among the first bytes. */
function loaderOf(head: Buffer): string | null {
  if (head.length < 64 || head[4] !== 2 || head[5] !== 1) return null
  const [table, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)]
  for (let at = table; at < table + size * count && at + 40 <= head.length; at += Math.max(size, 1)) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue
    const start = Number(head.readBigUInt64LE(at + 8))
    const end = start + Number(head.readBigUInt64LE(at + 32)) - 1
    return end <= head.length ? head.toString('utf8', start, end) : null
  }
  return null
}
