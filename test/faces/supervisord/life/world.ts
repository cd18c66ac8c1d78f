// A life of the daemon over a fake clock and fake children: what it says, and what becomes of its processes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { ProgramSpec } from '../../../../src/domain/process/spec.ts'
import { EventRing } from '../../../../src/engine/event-ring.ts'
import type { Logs } from '../../../../src/engine/log-ports.ts'
import type { UpkeepTools } from '../../../../src/engine/upkeep-ports.ts'
import { Supervisor } from '../../../../src/engine/supervision/supervisor.ts'
import { loadSupervisordConfig } from '../../../../src/faces/supervisord/config/load.ts'
import { nodeMachine } from '../../../../src/faces/supervisord/config/node-machine.ts'
import { EventBus } from '../../../../src/faces/supervisord/events/event-bus.ts'
import type { CompanionEnd } from '../../../../src/faces/supervisord/life/ending.ts'
import { Life } from '../../../../src/faces/supervisord/life/life.ts'
import { MainLog } from '../../../../src/faces/supervisord/main-log/main-log.ts'
import { Followers } from '../../../../src/faces/supervisord/output/followers.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { FakeSpawner, type FakeChild } from '../../../support/fake-spawner.ts'
import { tempDir } from '../../../support/temp.ts'

/** Log files in memory. */
class FakeLogs implements Logs {
  readonly files = new Map<string, string>()
  readonly syslog = null

  open({ path }: { readonly path: string }): ReturnType<Logs['open']> {
    return {
      write: (bytes) => {
        this.files.set(path, (this.files.get(path) ?? '') + Buffer.from(bytes).toString())
        return true
      },
      reopen: () => undefined,
      clear: () => void this.files.set(path, ''),
      close: () => undefined,
    }
  }

  create(folder: string, prefix: string): string {
    return join(folder, `${prefix}random.log`)
  }
}

export interface World {
  readonly life: Life
  readonly clock: FakeClock
  readonly spawner: FakeSpawner
  readonly supervisor: Supervisor
  /** Lines of the main log, without their time. */
  readonly lines: string[]
  /** supervisord's events, as `TYPE payload`. */
  readonly heard: string[]
  readonly folder: string
  readonly logs: FakeLogs
  /** Rewrites the programs of the file. */
  readonly rewrite: (programs: string) => void
  /** The child of a process that runs. */
  readonly child: (name: string) => FakeChild
  readonly statename: (namespec: string) => string
}

export interface WorldOptions {
  readonly programs: string
  readonly level?: 'debug' | 'info'
  readonly checkCommand?: (spec: ProgramSpec) => void
  /** Without: commands end with 0 at once, and nothing has any memory. */
  readonly tools?: Partial<UpkeepTools>
  readonly companion?: CompanionEnd
}

/** A life that is open; `life.run()` begins it. */
export function world(t: TestContext, options: WorldOptions): World {
  const { programs, level = 'info', checkCommand, tools, companion } = options
  const folder = tempDir(t)
  const file = join(folder, 'supervisord.conf')
  const rewrite = (text: string): void =>
    writeFileSync(file, `[supervisord]\nlogfile=${folder}/main.log\nchildlogdir=${folder}\n${text}\n`)
  rewrite(programs)
  const machine = nodeMachine({ environment: { PATH: '/bin' }, cwd: folder, uid: 0 })
  const load = () => loadSupervisordConfig({ file, machine })
  const { config, problems } = load()
  if (config === null) throw new Error(problems[0]?.text)
  const clock = new FakeClock()
  const spawner = new FakeSpawner(clock)
  const events = new EventRing(clock)
  const supervisor = new Supervisor({ clock, spawner, events })
  const lines: string[] = []
  const writer = {
    write: (bytes: Uint8Array) => lines.push(Buffer.from(bytes).toString().slice(24).trimEnd()) > 0,
    reopen: () => undefined,
    clear: () => undefined,
    close: () => undefined,
  }
  const mainLog = new MainLog({ level, clock, writers: [writer], syslog: null, written: () => undefined })
  const bus = new EventBus()
  const heard: string[] = []
  bus.subscribe(['EVENT'], ({ type, payload }) => heard.push(`${type} ${payload}`))
  const logs = new FakeLogs()
  const followers = new Followers(clock)
  const life = new Life({
    config,
    supervisor,
    events,
    pid: 1,
    load,
    around: { settings: config.settings, clock, logs, mainLog, bus, serials: { next: 0 }, followers },
    checkCommand: checkCommand ?? (() => undefined),
    ...(companion && { companion }),
    tools: {
      runOneShot: () => Promise.resolve({ failure: null, output: '' }),
      measureMemory: () => Promise.resolve(new Map()),
      ...tools,
    },
    groupsOf: () => [],
    openSocket: () => ({ fd: 9, close: () => undefined }),
  })
  life.open()
  const child = (name: string): FakeChild => {
    const found = spawner.living.find(({ spec }) => spec.name === name)
    if (found === undefined) throw new Error(`${name} has no child`)
    return found
  }
  const statename = (namespec: string): string => life.process(namespec).state
  return { life, clock, spawner, supervisor, lines, heard, folder, logs, rewrite, child, statename }
}

/** Lets everything that does not wait for the clock happen. */
export const settle = async (): Promise<void> => {
  for (let index = 0; index < 5; index++) await turn()
}
