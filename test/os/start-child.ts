import type { TestContext } from 'node:test'
import type { ProgramSpec } from '../../src/domain/process/spec.ts'
import type { Child } from '../../src/engine/ports.ts'
import type { ExitStatus } from '../../src/domain/process/state.ts'
import type { ChildLine } from '../../src/engine/ports.ts'
import { loadLibc, type Libc } from '../../src/os/libc.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'

/** The native part of this machine; the tests cannot do without. */
export function nativeLibc(): Libc {
  const libc = loadLibc()
  if ('missing' in libc) throw new Error(libc.missing)
  return libc
}

export const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' }

export function programSpec(command: readonly string[], overrides: Partial<ProgramSpec> = {}): ProgramSpec {
  return {
    name: 'calculator',
    group: 'calculator',
    command,
    environment,
    priority: 999,
    autorestart: false,
    startsecs: 0,
    startretries: 0,
    exitcodes: [0],
    backoff: { kind: 'linear' },
    stop: [{ action: 'SIGTERM', wait: 1000 }],
    stopasgroup: true,
    killasgroup: true,
    sweepgroup: true,
    ...overrides,
  }
}

export interface StartedChild extends Omit<Child, 'stderr'> {
  readonly spawner: NodeSpawner
  readonly exit: Promise<ExitStatus>
  readonly stderr: readonly ChildLine[]
  /** Everything from stdout; resolves at its end. */
  output(): Promise<Buffer>
}

/** Starts a child whose whole group is killed after the test. */
export function startChild(
  t: TestContext,
  command: readonly string[],
  { libc = nativeLibc(), ...overrides }: Partial<ProgramSpec> & { libc?: Libc | null } = {},
): StartedChild {
  const stderr: ChildLine[] = []
  const spawner = new NodeSpawner({ libc, onStderrLine: (line) => stderr.push(line) })
  const exited = Promise.withResolvers<ExitStatus>()
  const child = spawner.spawn(programSpec(command, overrides), exited.resolve)
  t.after(() => spawner.kill(child.pid, 'SIGKILL', true))
  return {
    ...child,
    spawner,
    stderr,
    exit: exited.promise,
    output() {
      const chunks: Uint8Array[] = []
      return new Promise((resolve) => {
        child.stdout.listen({ data: (chunk) => chunks.push(chunk), end: () => resolve(Buffer.concat(chunks)) })
      })
    },
  }
}

/** Output of a command that ends by itself, with empty input. */
export async function outputOf(
  t: TestContext,
  command: readonly string[],
  overrides: Partial<ProgramSpec> = {},
): Promise<string> {
  const child = startChild(t, command, overrides)
  child.stdin.end()
  return (await child.output()).toString()
}
