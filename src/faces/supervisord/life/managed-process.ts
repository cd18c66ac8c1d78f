import { AgentError, codeOf } from '../../../domain/errors.ts'
import { namespec, type ProgramSpec } from '../../../domain/process/spec.ts'
import type { Child, PipeOwner } from '../../../engine/ports.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import type { ChannelLog, ProcessConfig } from '../config/types.ts'
import type { ListenerPool, Member } from '../events/listener-pool.ts'
import { OutputLog } from '../output/output-log.ts'
import type { Health } from '../upkeep/health-monitor.ts'
import { ProcessUpkeep, type UpkeepParts } from '../upkeep/process-upkeep.ts'
import { StdinQueue } from '../output/stdin-queue.ts'
import type { FcgiGate } from './fcgi-gate.ts'
import type { Handled } from './guest.ts'
import type { Surroundings } from './surroundings.ts'

/** One process of the configuration: its pipes and logs over all its incarnations, as the engine's pipe owner. */
export class ManagedProcess implements Handled, PipeOwner, Member {
  readonly config: ProcessConfig
  readonly spec: ProgramSpec
  readonly namespec: string
  readonly stdout: OutputLog
  readonly stderr: OutputLog
  readonly upkeep: ProcessUpkeep
  readonly #pool: ListenerPool | null
  readonly #gate: FcgiGate | null
  readonly #isRunning: () => boolean
  #stdin: StdinQueue | null = null
  /** It has its share of the socket. */
  #isInside = false

  constructor(
    config: ProcessConfig,
    spec: ProgramSpec,
    parts: {
      readonly pool: ListenerPool | null
      readonly gate: FcgiGate | null
      readonly isRunning: (namespec: string) => boolean
      readonly upkeep: UpkeepParts
    },
    around: Surroundings,
  ) {
    this.config = config
    this.spec = spec
    this.namespec = namespec(spec)
    this.#pool = parts.pool
    this.#gate = parts.gate
    this.#isRunning = () => parts.isRunning(this.namespec)
    const isListener = config.kind === 'eventlistener'
    const output = (channel: 'stdout' | 'stderr', isListener: boolean): OutputLog => {
      const path = pathOf(config[channel], spec, channel, around)
      return new OutputLog(spec, channel, config[channel], path, { isListener, format: config.logFormat }, around)
    }
    this.stdout = output('stdout', isListener)
    this.stderr = output('stderr', false)
    this.upkeep = new ProcessUpkeep(config.upkeep, spec, this.namespec, parts.upkeep, around)
    this.#pool?.join(this)
  }

  get name(): string {
    return this.spec.name
  }

  isRunning(): boolean {
    return this.#isRunning()
  }

  send(bytes: Uint8Array): boolean {
    try {
      this.write(bytes, this.namespec)
      return true
    } catch (error) {
      if (error instanceof AgentError) return false
      throw error
    }
  }

  /** Raises NOT_RUNNING, NO_FILE, FAILED, about `name`. */
  write(bytes: Uint8Array, name: string): void {
    if (this.#stdin === null) throw new AgentError('NOT_RUNNING', name)
    this.#stdin.push(bytes, name)
  }

  mustTakeInput(name: string): void {
    this.#stdin?.mustBeOpen(name)
  }

  get health(): Health | null {
    return this.upkeep.health
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.upkeep.ready(signal)
  }

  prepare(): number | undefined {
    try {
      this.stdout.open()
      this.stderr.open()
      const input = this.#gate?.enter()
      this.#isInside = this.#gate !== null
      return input
    } catch (cause) {
      throw cause instanceof AgentError ? cause : this.#dispatcherError(cause)
    }
  }

  failed(error: unknown): void {
    // What supervisord's child would have written before it ended with 127.
    if (error instanceof AgentError && /^couldn't /.test(error.subject)) {
      this.stderr.note(`supervisor: ${error.subject}\nsupervisor: child process was not spawned\n`)
    }
    this.#end()
  }

  opened(child: Child): void {
    this.#stdin = new StdinQueue(child.stdin)
    this.#pool?.started(this)
    const pool = this.#pool
    this.stdout.follow(child.stdout, child.pid, pool && ((chunk) => pool.heard(this, chunk)))
    if (child.stderr) this.stderr.follow(child.stderr, child.pid, null)
  }

  endInput(child: Child): void {
    child.stdin.end()
  }

  closed(): void {
    this.#stdin?.close()
    this.#stdin = null
    this.#end()
    this.#pool?.ended(this)
  }

  reopenLogs(): void {
    this.stdout.reopen()
    this.stderr.reopen()
  }

  /** Raises FAILED. */
  clearLogs(name: string): void {
    try {
      this.stdout.clear()
      this.stderr.clear()
    } catch (cause) {
      throw new AgentError('FAILED', name, { cause })
    }
  }

  #end(): void {
    this.stdout.close()
    this.stderr.close()
    if (this.#isInside) this.#gate?.leave()
    this.#isInside = false
  }

  /** supervisord: Subprocess.spawn. */
  #dispatcherError(cause: unknown): AgentError {
    const code = codeOf(cause)
    const name = repr(this.spec.name)
    const text =
      code === 'EMFILE' || code === 'ENFILE'
        ? `too many open files to spawn ${name}`
        : `unknown error making dispatchers for ${name}: ${code}`
    return new AgentError('SPAWN_ERROR', text, { cause })
  }
}

/** The file of an AUTO log is made with the group. Where that fails, the log is not kept, which is told. */
function pathOf(
  { logfile }: ChannelLog,
  { name }: ProgramSpec,
  channel: 'stdout' | 'stderr',
  { settings, logs, mainLog }: Surroundings,
): string | null {
  if (logfile.kind === 'file') return logfile.path
  if (logfile.kind === 'none') return null
  try {
    return logs.create(settings.childlogdir, `${name}-${channel}---${settings.identifier}-`)
  } catch (error) {
    const code = codeOf(error)
    mainLog.line('critical', `cannot make a ${channel} log for '${name}' in ${settings.childlogdir}: ${code}`)
    return null
  }
}
