// Our stand-ins for what a Go programmer writes by hand, on franz-go (gopeer/main.go).
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isInPath } from '../../test/testbed/tools.ts'
import type { Contender } from '../contender.ts'

const sources = join(import.meta.dirname, 'gopeer')
const binary = join(import.meta.dirname, '../../.build/gopeer')

function isBuilt(): boolean {
  const changed = (file: string): number => statSync(file).mtimeMs
  return existsSync(binary) && ['main.go', 'go.mod'].every((file) => changed(join(sources, file)) <= changed(binary))
}

/** Its path, compiled anew when its sources changed. */
function built(): string {
  if (isBuilt()) return binary
  mkdirSync(join(binary, '..'), { recursive: true })
  execFileSync('go', ['build', '-o', binary, '.'], { cwd: sources, stdio: ['ignore', 'ignore', 'inherit'] })
  return binary
}

const goLoop = (mode: 'pipelined' | 'lockstep'): Contender => ({
  name: `go-${mode}`,
  output: 'raw',
  commits: true,
  endsByItself: false,
  countsCheckpoints: false,
  unavailable: () => (isBuilt() || isInPath('go') ? null : 'go is not installed (Go 1.26 or newer, go.dev)'),
  command: ({ broker, input, output, group, workload }) => ({
    words: [
      built(),
      ...['-broker', broker, '-in', input, '-out', output, '-group', group],
      ...['-mode', mode, '-compression', workload.compression],
    ],
    env: {},
  }),
})

export const goPipelined = goLoop('pipelined')
export const goLockstep = goLoop('lockstep')
