import process from 'node:process'
import { AgentError, stackOf } from '../../domain/errors.ts'
import { exitCodes } from '../../domain/exit-codes.ts'
import { EventRing } from '../../engine/event-ring.ts'
import { Supervisor } from '../../engine/supervision/supervisor.ts'
import type { LoadedFile } from '../../faces/supervisord/config/load.ts'
import type { Machine } from '../../faces/supervisord/config/machine.ts'
import type { SupervisordConfig } from '../../faces/supervisord/config/types.ts'
import type { Daemon } from '../../faces/supervisord/daemon.ts'
import type { Serials } from '../../faces/supervisord/events/event-bus.ts'
import type { Life } from '../../faces/supervisord/life/life.ts'
import type { MainLog } from '../../faces/supervisord/main-log/main-log.ts'
import { systemClock } from '../../os/clock.ts'
import { loadLibc, type Libc } from '../../os/libc.ts'
import { tuneMemory } from '../../os/memory-tuning.ts'
import { nodeLogs } from '../../os/logs.ts'
import { startReaper } from '../../os/reaper.ts'
import { hearSigusr1, onSignals, signalsHeard, type AgentSignal } from '../../os/signals.ts'
import { NodeSpawner } from '../../os/spawn.ts'
import type { Companion, CompanionParts } from './companion.ts'
import { openLife, type OpenLife } from './open-life.ts'
import { openMainLog } from './open-main-log.ts'
import { writePidfile } from './pidfile.ts'
import { becomeUser, ensureLimits } from './privileges.ts'

export interface HostParts {
  readonly load: () => LoadedFile
  readonly machine: Machine
  /** It runs as a daemon, apart from any terminal. */
  readonly isBackground: boolean
  /** The start is done. */
  readonly ready: () => void
  /** A Calculator beside the programs of the file. */
  readonly companion: CompanionParts | null
}

/** The process around the lives of a supervisord: user, limits, pidfile, signals; and what lasts over a reload. */
export class DaemonHost {
  readonly #parts: HostParts
  readonly #libc: Libc | null
  /** Why there is no native part. */
  readonly #missing: string | null
  readonly #serials: Serials = { next: 0 }
  readonly #events = new EventRing(systemClock)
  #life: Life | null = null
  #mainLog: MainLog | null = null
  #exitCode = 0
  /** Somebody asked for the end, whatever there was to be ended then. */
  #isEnding = false
  #companion: Companion | null = null
  /** The end of the companion. */
  #accompanied: Promise<void> | null = null

  constructor(parts: HostParts) {
    this.#parts = parts
    const loaded = loadLibc()
    this.#libc = 'missing' in loaded ? null : loaded
    if (this.#libc !== null) hearSigusr1(this.#libc)
    if (parts.companion !== null) tuneMemory(this.#libc)
    this.#missing = 'missing' in loaded ? loaded.missing : null
  }

  /** Lives until a shutdown; raises AgentError for a start that fails. @returns the exit code */
  async run(loaded: LoadedFile, config: SupervisordConfig): Promise<number> {
    const { settings } = config
    // While root can still raise them.
    const { infos, childFiles } = ensureLimits(this.#libc, settings)
    const userInfos = becomeUser(settings.user, this.#parts.machine)
    const spawner = new NodeSpawner({
      libc: this.#libc,
      onStderrLine: this.#parts.companion?.onStderrLine ?? (() => undefined),
      ...(this.#parts.companion && { masked: this.#parts.companion.masked }),
      ...(childFiles !== null && { openFiles: childFiles }),
    })
    const supervisor = new Supervisor({ clock: systemClock, spawner, events: this.#events })
    const daemon = (): Daemon | null => this.#life
    this.#companion = this.#parts.companion?.create({ spawner, events: this.#events, supervisor, daemon }) ?? null
    await signalsHeard()
    const unhook = this.#hook()
    let [next, notices]: [SupervisordConfig, LoadedFile] = [config, loaded]
    try {
      for (let first = true; ; first = false) {
        const extra = { ...userInfos, infos: [...userInfos.infos, ...(first ? infos : [])] }
        const open = await this.#open(next, notices, extra, supervisor)
        const outcome = await this.#live(open, next, first)
        if (outcome === 'SHUTDOWN') return await this.#leave()
        notices = this.#parts.load()
        if (notices.config === null) throw new AgentError('BAD_CONFIGURATION', notices.problems[0]?.text ?? '')
        next = notices.config
      }
    } catch (error) {
      // A file that cannot be lived by is no reason to give up the records of the Calculator.
      await this.#leave()
      throw error
    } finally {
      unhook()
    }
  }

  async #open(
    config: SupervisordConfig,
    { warnings, infos }: LoadedFile,
    extra: { readonly criticals: readonly string[]; readonly infos: readonly string[] },
    supervisor: Supervisor,
  ): Promise<OpenLife> {
    const logs = nodeLogs(this.#libc)
    // Beside a Calculator stdout may be its stream, and the agent's own log tells the same facts.
    const hasStdout = !this.#parts.isBackground && this.#parts.companion === null
    const { mainLog, followers } = openMainLog(config.settings, logs, hasStdout)
    this.#mainLog = mainLog
    for (const text of extra.criticals) mainLog.line('critical', text)
    for (const { text } of warnings) mainLog.line('warn', text)
    if (process.pid === 1 && !config.settings.nodaemon) mainLog.line('warn', 'running as PID 1, so not daemonizing')
    if (this.#missing !== null) mainLog.line('warn', `no native part, so no supplementary groups: ${this.#missing}`)
    for (const text of [...infos.map((notice) => notice.text), ...extra.infos]) mainLog.line('info', text)
    return openLife({
      config,
      load: this.#parts.load,
      machine: this.#parts.machine,
      libc: this.#libc,
      supervisor,
      events: this.#events,
      logs,
      mainLog,
      followers,
      serials: this.#serials,
      companion: { come: () => this.#endCompanion(), isDue: () => this.#isEnding },
    })
  }

  async #live({ life, close }: OpenLife, { settings }: SupervisordConfig, first: boolean): Promise<string> {
    const { isBackground, ready } = this.#parts
    this.#life = life
    if (this.#isEnding) {
      this.#mainLog?.line('warn', 'received an exit request while starting')
      life.shutdown()
    }
    if (isBackground && first) {
      this.#mainLog?.line('info', 'daemonizing the supervisord process')
      process.umask(settings.umask)
      if (settings.directory !== null) process.chdir(settings.directory)
    }
    const removePidfile = writePidfile(settings.pidfile, (level, text) => this.#mainLog?.line(level, text))
    ready()
    await life.run()
    if (first) this.#accompany()
    const outcome = await life.ended
    this.#exitCode ||= life.exitCode
    await close()
    removePidfile()
    this.#mainLog?.close()
    return outcome
  }

  /** The programs of the file are up, or on their way: now the Calculator. Its end is the end of all. */
  #accompany(): void {
    this.#accompanied =
      this.#companion?.run().then((code) => {
        this.#companion = null
        this.#exitCode ||= code
        // Between two lives there is nobody to tell.
        this.#isEnding = true
        this.#life?.shutdown()
      }) ?? null
  }

  /** It drains; to ask once more is to be in a hurry. How it ended is for `#leave` to tell. */
  #endCompanion(): Promise<unknown> {
    if (!this.#isEnding) this.#companion?.signal('SIGTERM')
    this.#isEnding = true
    return Promise.allSettled([this.#accompanied])
  }

  async #leave(): Promise<number> {
    // Where a restart became a shutdown nobody has asked it yet.
    await this.#endCompanion()
    await this.#accompanied
    return this.#exitCode
  }

  /** Signals, orphans and bugs, until what it returns is called. */
  #hook(): () => void {
    const reaper = this.#libc
      ? startReaper(this.#libc, (pid, { code, signal }) => {
          const ending = signal === null ? `exit status ${code ?? -1}` : `terminated by ${signal}`
          // As PID 1 they are supervisord's, too; elsewhere only ours, as subreaper.
          this.#mainLog?.line(process.pid === 1 ? 'info' : 'debug', `reaped unknown pid ${pid} (${ending})`)
        })
      : null
    const bug = (error: unknown): void => {
      this.#mainLog?.line('critical', `a bug, everything is stopped: ${stackOf(error)}`)
      this.#exitCode = exitCodes.bug
      if (this.#life === null) process.exit(exitCodes.bug)
      this.#companion?.fail(exitCodes.bug)
      this.#isEnding = true
      this.#life.shutdown()
    }
    process.removeAllListeners('warning')
    process.on('warning', ({ message }) => this.#mainLog?.line('debug', message))
    process.on('uncaughtException', bug)
    process.on('unhandledRejection', bug)
    const end = (name: AgentSignal) => (): void => {
      this.#mainLog?.line('warn', `received ${name} indicating exit request`)
      this.#isEnding = true
      // It drains first; its end stops the others.
      if (this.#companion) this.#companion.signal(name)
      else this.#life?.shutdown()
    }
    const unhook = onSignals({
      SIGTERM: end('SIGTERM'),
      SIGINT: end('SIGINT'),
      SIGQUIT: end('SIGQUIT'),
      SIGHUP: () => this.#hangup(),
      SIGUSR2: () => {
        this.#mainLog?.line('info', 'received SIGUSR2 indicating log reopen request')
        this.#life?.reopenLogs()
      },
      SIGUSR1: () => {
        if (this.#companion) this.#companion.signal('SIGUSR1')
        else this.#mainLog?.line('warn', 'ignored SIGUSR1, which means nothing here (SIGUSR2 reopens the logs)')
      },
      SIGCHLD: () => this.#mainLog?.line('debug', 'received SIGCHLD indicating a child quit'),
    })
    return () => {
      unhook()
      reaper?.stop()
    }
  }

  #hangup(): void {
    if (this.#isEnding || this.#life?.state() === 'SHUTDOWN') {
      this.#mainLog?.line('warn', 'ignored SIGHUP indicating restart request (shutdown in progress)')
      return
    }
    this.#mainLog?.line('warn', 'received SIGHUP indicating restart request')
    this.#companion?.signal('SIGHUP')
    try {
      this.#life?.restart()
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
      this.#mainLog?.line('critical', `cannot restart, everything stays as it is: ${error.subject}`)
    }
  }
}
