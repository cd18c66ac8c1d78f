// A daemon without children: states change as asked, logs are texts in memory.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AgentError, type ErrorCode } from '../../../src/domain/errors.ts'
import { namespec } from '../../../src/domain/process/spec.ts'
import type { ProcessState } from '../../../src/domain/process/state.ts'
import type { Difference } from '../../../src/faces/supervisord/config/difference.ts'
import type { SupervisordConfig } from '../../../src/faces/supervisord/config/types.ts'
import type {
  ConfigInfo,
  Daemon,
  DaemonState,
  GroupInfo,
  LogChannel,
  LogFollower,
  Outcome,
  ProcessInfo,
  TailedLog,
  Waiting,
} from '../../../src/faces/supervisord/daemon.ts'
import { splitNamespec } from '../../../src/faces/supervisord/namespec.ts'
import { FakeLog } from './fake-log.ts'

const up: readonly ProcessState[] = ['STARTING', 'RUNNING', 'BACKOFF']

interface Child {
  info: ProcessInfo
  readonly stdout: FakeLog
  readonly stderr: FakeLog
}

const fail = (code: ErrorCode, subject: string): never => {
  throw new AgentError(code, subject)
}

export class FakeDaemon implements Daemon {
  readonly identifier = 'supervisor'
  readonly pid = 4242
  readonly children = new Map<string, Child>()
  readonly mainLog = new FakeLog('main log\n')
  /** What was asked for, in order. */
  readonly asked: string[] = []
  /** What the next reread gives, or raises. */
  difference: Difference | AgentError = { added: [], changed: [], removed: [] }
  /** A command that waits is answered after this. */
  pace: Promise<unknown> = Promise.resolve()
  #state: DaemonState = 'RUNNING'
  readonly #config: SupervisordConfig

  constructor(config: SupervisordConfig) {
    this.#config = config
    for (const group of config.groups) this.addGroup(group.name)
  }

  state = (): DaemonState => this.#state
  now = (): number => 1_795_315_316_000

  processes = (): readonly ProcessInfo[] =>
    [...this.children.values()]
      .map(({ info }) => info)
      .sort((left, right) => (`${left.group} ${left.name}` < `${right.group} ${right.name}` ? -1 : 1))

  process = (name: string): ProcessInfo => this.#child(name).info

  groups(): readonly GroupInfo[] {
    const names = [...new Set(this.processes().map(({ group }) => group))]
    return names.map((name) => ({
      name,
      priority: 999,
      processes: this.#members(name).map((member) => member.name),
    }))
  }

  configs = (): readonly ConfigInfo[] =>
    this.#config.groups
      .flatMap((group) => group.processes.map((process) => ({ group, process })))
      .map((both) => ({ ...both, inuse: true, stdoutLogfile: 'auto', stderrLogfile: null }))
      .sort((left, right) => (left.process.spec.name < right.process.spec.name ? -1 : 1))

  async startProcess(name: string, { wait }: Waiting): Promise<void> {
    this.#ask(`start ${name} ${wait}`)
    const { state } = this.process(name)
    if (up.includes(state)) fail('ALREADY_STARTED', name)
    if (name === 'missing') fail('NO_FILE', "can't find command '/no/such/binary'")
    if (name === 'crashes') fail('SPAWN_ERROR', name)
    this.set(name, { state: 'RUNNING', pid: 77, startedAt: this.now() - 44_000, spawnerr: '' })
    await this.#waited(wait)
  }

  async stopProcess(name: string, { wait }: Waiting): Promise<void> {
    this.#ask(`stop ${name} ${wait}`)
    if (!up.includes(this.process(name).state)) fail('NOT_RUNNING', name)
    this.set(name, { state: 'STOPPED', pid: null, stoppedAt: this.now() })
    await this.#waited(wait)
  }

  signalProcess(name: string, signal: string): void {
    this.#ask(`signal ${name} ${signal}`)
    const { pid } = this.process(name)
    if (!/^(SIG)?(HUP|TERM|USR1)$|^\d+$/i.test(signal)) fail('BAD_SIGNAL', signal)
    if (pid === null) fail('NOT_RUNNING', name)
  }

  startGroup = (group: string, options: Waiting): Promise<readonly Outcome[]> =>
    this.#each(this.#down(this.#group(group)), (name) => this.startProcess(name, options))
  startAll = (options: Waiting): Promise<readonly Outcome[]> =>
    this.#each(this.#down(this.processes()), (name) => this.startProcess(name, options))
  stopGroup = (group: string, options: Waiting): Promise<readonly Outcome[]> =>
    this.#each(this.#up(this.#group(group)), (name) => this.stopProcess(name, options))
  stopAll = (options: Waiting): Promise<readonly Outcome[]> =>
    this.#each(this.#up(this.processes()), (name) => this.stopProcess(name, options))
  signalGroup = (group: string, signal: string): readonly Outcome[] => this.#signalled(this.#group(group), signal)
  signalAll = (signal: string): readonly Outcome[] => this.#signalled(this.processes(), signal)

  async sendStdin(name: string, bytes: Uint8Array): Promise<void> {
    await nextTurn()
    this.#ask(`stdin ${name} ${Buffer.from(bytes).toString('hex')}`)
    if (this.process(name).pid === null) fail('NOT_RUNNING', name)
  }

  reread(): Difference {
    if (this.difference instanceof AgentError) throw this.difference
    return this.difference
  }

  addGroup(name: string): void {
    const group = this.#config.groups.find((candidate) => candidate.name === name)
    if (group === undefined) return fail('BAD_NAME', name)
    if (this.#members(name).length > 0) fail('ALREADY_ADDED', name)
    for (const { spec } of group.processes) {
      const stdoutLogfile = `/var/log/${spec.name}.log`
      const never = { startedAt: null, stoppedAt: null, now: this.now(), spawnerr: '', exitstatus: 0, pid: null }
      const info = {
        name: spec.name,
        group: name,
        state: 'STOPPED',
        ...never,
        stdoutLogfile,
        stderrLogfile: '',
      } as const
      this.children.set(namespec(spec), { info, stdout: new FakeLog(''), stderr: new FakeLog('') })
    }
    return undefined
  }

  removeGroup(name: string): void {
    if (this.#up(this.#group(name)).length > 0) fail('STILL_RUNNING', name)
    for (const info of this.#group(name)) this.children.delete(namespec(info))
  }

  shutdown = (): void => void (this.#state = 'SHUTDOWN')
  restart = (): void => void (this.#state = 'RESTARTING')
  sendRemoteCommEvent = (type: string, data: string): void => void this.asked.push(`event ${type} ${data}`)

  readLog = (name: string, channel: LogChannel, offset: number, length: number): Uint8Array =>
    this.#child(name)[channel].read(offset, length)
  tailLog = (name: string, channel: LogChannel, offset: number, length: number): TailedLog =>
    this.#child(name)[channel].tail(offset, length)
  clearLogs = (name: string): void => this.#child(name).stdout.clear()
  clearAllLogs = (): readonly Outcome[] => this.processes().map(({ name, group }) => ({ name, group, error: null }))
  followLog = (name: string, channel: LogChannel): LogFollower => this.#child(name)[channel].follow()
  readMainLog = (offset: number, length: number): Uint8Array => this.mainLog.read(offset, length)
  clearMainLog = (): void => this.mainLog.clear()
  followMainLog = (): LogFollower => this.mainLog.follow()

  /** Changes what a process shows. */
  set(name: string, change: Partial<ProcessInfo>): void {
    const child = this.#child(name)
    child.info = { ...child.info, ...change }
  }

  #child = (name: string): Child => this.children.get(name) ?? fail('BAD_NAME', name)
  #members = (group: string): ProcessInfo[] => this.processes().filter((info) => info.group === group)
  #down = (infos: readonly ProcessInfo[]): ProcessInfo[] => infos.filter(({ state }) => !up.includes(state))
  #up = (infos: readonly ProcessInfo[]): ProcessInfo[] => infos.filter(({ state }) => up.includes(state))

  #group(name: string): ProcessInfo[] {
    const members = this.#members(splitNamespec(name).group)
    return members.length > 0 ? members : fail('BAD_NAME', name)
  }

  #signalled = (infos: readonly ProcessInfo[], signal: string): Outcome[] =>
    infos
      .filter(({ pid }) => pid !== null)
      .map(({ name, group }) => {
        try {
          this.signalProcess(namespec({ name, group }), signal)
          return { name, group, error: null }
        } catch (error) {
          return { name, group, error: error as AgentError }
        }
      })

  async #each(infos: readonly ProcessInfo[], command: (name: string) => Promise<void>): Promise<Outcome[]> {
    return Promise.all(
      infos.map(async ({ name, group }): Promise<Outcome> => {
        try {
          await command(namespec({ name, group }))
          return { name, group, error: null }
        } catch (error) {
          return { name, group, error: error as AgentError }
        }
      }),
    )
  }

  async #waited(wait: boolean): Promise<void> {
    await nextTurn()
    if (wait) await this.pace
  }

  #ask(what: string): void {
    this.asked.push(what)
    if (this.#state !== 'RUNNING') fail('SHUTDOWN_STATE', '')
  }
}
