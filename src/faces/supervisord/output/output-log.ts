import type { LogTarget, LogWriter } from '../../../engine/log-ports.ts'
import type { ChildOutput } from '../../../engine/ports.ts'
import type { Surroundings } from '../life/surroundings.ts'
import type { ChannelLog, ProcessConfig } from '../config/types.ts'
import type { LogChannel } from '../daemon.ts'
import { AnsiStripper } from './strip-ansi.ts'
import { Capture } from './capture.ts'
import { LineFormatter } from './line-format.ts'
import { textOfBytes } from './text-of-bytes.ts'

export interface OutputOwner {
  readonly name: string
  readonly group: string
}

/**
 * One output of one process over all its incarnations: to its log, the system's log, events, and the main log at
 * debug.
 */
export class OutputLog {
  readonly path: string | null
  readonly #owner: OutputOwner
  readonly #channel: LogChannel
  readonly #settings: ChannelLog
  readonly #around: Surroundings
  readonly #events: boolean
  readonly #captures: boolean
  readonly #target: LogTarget | null
  #writer: LogWriter | null = null
  #stripper: AnsiStripper | null = null
  readonly #formatter: LineFormatter | null
  #output: ChildOutput | null = null
  #pid = 0

  /** @param path null: no file */
  constructor(
    owner: OutputOwner,
    channel: LogChannel,
    settings: ChannelLog,
    path: string | null,
    { isListener, format }: { readonly isListener: boolean; readonly format: ProcessConfig['logFormat'] },
    around: Surroundings,
  ) {
    this.#owner = owner
    this.#channel = channel
    this.#settings = settings
    this.#around = around
    this.path = path
    const { name } = owner
    this.#formatter = format === 'raw' ? null : new LineFormatter({ kind: format, process: name, channel })
    // A listener's stdout is the protocol, and nothing else.
    this.#events = settings.eventsEnabled && !isListener
    this.#target = path === null ? null : this.#targetAt(path)
    this.#captures = settings.captureMaxBytes > 0 && !isListener
  }

  /** Before each start. Raises the system's error. */
  open(): void {
    if (this.#target !== null) this.#writer ??= this.#around.logs.open(this.#target)
  }

  /** A child runs; `also` gets its bytes too. */
  follow(output: ChildOutput, pid: number, also: ((chunk: Uint8Array) => void) | null): void {
    this.#output = output
    this.#pid = pid
    this.#stripper = this.#around.settings.stripAnsi ? new AnsiStripper() : null
    const capture = this.#captures ? this.#newCapture() : null
    output.listen({
      data: (chunk) => {
        if (capture) capture.write(chunk)
        else this.#log(chunk, false)
        also?.(chunk)
      },
      end: () => capture?.end(),
    })
  }

  /** A line of ours among the child's. */
  note(text: string): void {
    this.#log(Buffer.from(text), false)
  }

  /** The child is gone, and so is what it said. */
  close(): void {
    this.#output = null
    const last = this.#formatter?.end(this.#around.clock.wall())
    if (last?.length) this.#writer?.write(last)
    this.#writer?.close()
    this.#writer = null
  }

  reopen(): void {
    this.#writer?.reopen()
  }

  /** Raises the system's error. Only a log that is open is cleared, as in supervisord. */
  clear(): void {
    this.#writer?.clear()
    if (this.path !== null) this.#around.followers.touched(this.path)
  }

  #targetAt(path: string): LogTarget {
    const { maxBytes, backups, compress } = this.#settings
    const warn = (text: string): void => this.#around.mainLog.line('warn', text)
    return {
      path,
      maxBytes,
      backups,
      compress,
      problem: (reason, lost) => this.#problem(reason, lost),
      uncompressed: (reason) => warn(`cannot compress a backup of ${path}: ${reason}; it stays as it is`),
      unrotated: (reason) => warn(`cannot rotate ${path}: ${reason}; it grows until that is cured`),
      ready: () => this.#output?.resume(),
    }
  }

  #newCapture(): Capture {
    return new Capture(this.#settings.captureMaxBytes, {
      output: (bytes, captured) => this.#log(bytes, captured),
      complete: (bytes) => this.#captured(bytes),
    })
  }

  #log(chunk: Uint8Array, captured: boolean): void {
    const bytes = this.#stripper?.strip(chunk) ?? chunk
    if (bytes.length === 0) return
    if (!captured) this.#write(bytes)
    const { mainLog, bus } = this.#around
    const { name, group } = this.#owner
    if (mainLog.shows('debug')) mainLog.line('debug', `'${name}' ${this.#channel} output:\n${textOfBytes(bytes)}`)
    const type = `PROCESS_LOG_${this.#channel.toUpperCase()}`
    if (!this.#events || !bus.wants(type)) return
    const intro = `processname:${name} groupname:${group} pid:${this.#pid} channel:${this.#channel}`
    bus.notify(type, `${intro}\n${textOfBytes(bytes)}`)
  }

  #write(bytes: Uint8Array): void {
    if (this.#writer !== null && this.path !== null) {
      const shaped = this.#formatter?.write(bytes, this.#around.clock.wall()) ?? bytes
      if (!this.#writer.write(shaped)) this.#output?.pause()
      this.#around.followers.touched(this.path)
    }
    const { syslog } = this.#around.logs
    if (!this.#settings.syslog || syslog === null) return
    const lines = textOfBytes(bytes).replace(/\n+$/, '').split('\n')
    for (const line of lines) syslog(`${this.#owner.name} ${line}`)
  }

  #captured(bytes: Uint8Array): void {
    const { mainLog, bus } = this.#around
    const { name, group } = this.#owner
    const intro = `processname:${name} groupname:${group} pid:${this.#pid}`
    bus.notify(`PROCESS_COMMUNICATION_${this.#channel.toUpperCase()}`, `${intro}\n${textOfBytes(bytes)}`)
    mainLog.line('debug', `'${name}' ${this.#channel} emitted a comm event`)
  }

  #problem(reason: string | null, lost: number): void {
    const { mainLog } = this.#around
    const log = `${this.#channel} log ${this.path ?? ''} of '${this.#owner.name}'`
    if (reason === null) mainLog.line('warn', `the ${log} can be written again, ${lost} bytes were lost`)
    else mainLog.line('critical', `cannot write the ${log}: ${reason}; its output is dropped until that is cured`)
  }
}
