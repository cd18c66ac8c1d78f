import { changeClass, type ChangeClass } from '../../domain/stream/change-class.ts'
import { AgentError } from '../../domain/errors.ts'
import type { ProgramSpec } from '../../domain/process/spec.ts'
import type { StreamSettings } from '../../domain/stream/settings.ts'
import type { Millis } from '../../domain/time.ts'
import type { EventRing } from '../event-ring.ts'
import type { Clock } from '../ports.ts'
import { Serial } from '../serial.ts'
import type { StreamSides } from '../stream/stream-parts.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import { Workers, type WorkersParts } from '../stream/workers.ts'

export interface AdoptionParts extends WorkersParts {
  readonly clock: Clock
  readonly events: EventRing
  readonly supervisor: Supervisor
  readonly adoptionGraceMs: Millis
  /** What was not answered can be read again; a local input is read once, and what came of it must not be given up. */
  readonly replayable: boolean
  readonly program: (settings: StreamSettings, worker: number) => ProgramSpec
  /** New sides for `settings`; what the change leaves alone is taken from `old`. Closes nothing. */
  readonly sides: (settings: StreamSettings, old: StreamSides | null, changed: ReadonlySet<ChangeClass>) => StreamSides
}

/** A Calculator that failed to start so often in a row with new settings cannot start with them. */
const FAILED_STARTS = 3

const OUTPUT_WAIT: Millis = 500

interface InForce {
  readonly settings: StreamSettings
  /** Of the Calculators, by worker. */
  readonly namespecs: readonly string[]
  readonly workers: Workers
  readonly sides: StreamSides
}

/** Changes what streams and Calculator do while they run: drain, exchange what differs, go on; or roll back. */
export class Adoption {
  readonly #parts: AdoptionParts
  #inForce: InForce | null = null
  readonly #changes = new Serial()
  #adopting = false
  #closed = false

  constructor(parts: AdoptionParts) {
    this.#parts = parts
  }

  get adopting(): boolean {
    return this.#adopting
  }

  get settings(): StreamSettings | null {
    return this.#inForce?.settings ?? null
  }

  get workers(): Workers | null {
    return this.#inForce?.workers ?? null
  }

  /** Of the Calculators; none before the first is added. */
  get namespecs(): readonly string[] {
    return this.#inForce?.namespecs ?? []
  }

  /**
   * Puts `settings` in force, after whatever is being adopted now. Rejects with SHUTDOWN_STATE where `close` is called
   * meanwhile.
   */
  adopt(settings: StreamSettings): Promise<void> {
    return this.#serially(async () => {
      this.#mustGoOn()
      if (this.#inForce) await this.#change(this.#inForce, settings)
      else await this.#begin(settings)
    })
  }

  /**
   * Resolves once it is known whether the Calculators start: to null when they run, or to the reason when it was found
   * that one cannot. To be called right after `adopt`. Rejects with SHUTDOWN_STATE where `close` is called before it is
   * known: a Calculator that was not let live has proven nothing.
   */
  async verdict(): Promise<string | null> {
    const { namespecs } = this
    const { supervisor, events } = this.#parts
    const lookAt = (namespec: string): string | null | undefined => {
      const process = supervisor.snapshot(namespec)
      // One that came to its own end has started.
      const started = process?.state === 'RUNNING' || process?.state === 'EXITED'
      if (process === undefined || started) return null
      const failed = process.state === 'FATAL' || process.retries >= FAILED_STARTS
      if (failed || process.spawnerr.startsWith("can't find command")) return process.spawnerr || process.state
      return undefined
    }
    const look = (): string | null | undefined => {
      const found = namespecs.map(lookAt)
      return found.find((reason) => typeof reason === 'string') ?? (found.includes(undefined) ? undefined : null)
    }
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        const found = look()
        if (found === undefined && !this.#closed) return
        unsubscribe()
        if (found === undefined) reject(overtaken())
        else resolve(found)
      }
      const unsubscribe = events.subscribe(({ event }) => {
        if (event.startsWith('process.') || event === 'agent.draining') queueMicrotask(answer)
      })
      queueMicrotask(answer)
    })
  }

  /** No further change; resolves when the one under way is through. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes.settled()
  }

  /** Closes source and sinks, when nothing flows any more. */
  async closeSides(): Promise<void> {
    const inForce = this.#inForce
    if (!inForce) return
    inForce.workers.close()
    const { source, sink, letters, transactions } = inForce.sides
    await source.close()
    await Promise.all([sink.close(), letters.close(), transactions?.close()])
  }

  #serially(work: () => Promise<void>): Promise<void> {
    return this.#changes.run(async () => {
      this.#adopting = true
      try {
        await work()
      } finally {
        this.#adopting = false
      }
    })
  }

  async #begin(settings: StreamSettings): Promise<void> {
    const sides = this.#parts.sides(settings, null, new Set())
    const workers = new Workers(this.#parts, sides, settings.workers)
    const namespecs = this.#add(settings, workers)
    this.#inForce = { settings, namespecs, workers, sides }
    this.#start(namespecs)
    await sides.source.start(workers.consumer)
  }

  async #change(old: InForce, settings: StreamSettings): Promise<void> {
    const { supervisor, events, adoptionGraceMs, replayable } = this.#parts
    const changed = changeClass(old.settings, settings)
    if ([...changed].every((change) => change === 'live')) {
      this.#inForce = { ...old, settings }
      return
    }
    const { workers } = old
    events.publish('stream.adopting', 'info', 'changing to other settings', { changes: [...changed] })
    const finished = await workers.drain(adoptionGraceMs, true)
    // A Calculator that did not finish is restarted, so that no late answer reaches the new streams, unless what it has
    // cannot be read again; one that is not up gets its new chance at once.
    const areUp = old.namespecs.every((namespec) => supervisor.snapshot(namespec)?.pid != null)
    const restart = replayable
      ? changed.has('calculator') || !finished || !areUp
      : (changed.has('calculator') || !areUp) && !this.#cameToItsEnd(old)
    // Until the other settings are in force nobody else starts it: not an operator who wants the same thing.
    if (restart) await Promise.all(old.namespecs.map((namespec) => supervisor.hold(namespec)))
    if (replayable) {
      // Only an output that takes nothing can hold this up; what it was to get is then answered anew.
      const patience = this.#parts.clock.arm(OUTPUT_WAIT, () => workers.abandonOutput())
      await workers.finished()
      patience.cancel()
    }
    this.#mustGoOn()
    const sides = this.#parts.sides(settings, old.sides, changed)
    const leaving = [
      ...(sides.source === old.sides.source ? [] : [old.sides.source]),
      ...(sides.sink === old.sides.sink ? [] : [old.sides.sink]),
      ...(sides.letters === old.sides.letters ? [] : [old.sides.letters]),
    ]
    workers.use(sides, settings.workers)
    await Promise.all(leaving.map((side) => side.close()))
    const namespecs = this.#replace(old, settings, changed)
    this.#inForce = { settings, namespecs, workers, sides }
    this.#mustGoOn()
    if (restart) this.#start(namespecs)
    workers.resume()
    if (sides.source !== old.sides.source) await sides.source.start(workers.consumer)
    events.publish('stream.adopted', 'info', 'the other settings are in force', { restarted: restart })
  }

  /** A local input is at its end, and with it the Calculator: only its output may still be on its way. */
  #cameToItsEnd({ namespecs }: InForce): boolean {
    return namespecs.every((namespec) => this.#parts.supervisor.snapshot(namespec)?.state === 'EXITED')
  }

  /** The Calculators' programs, as many as there are workers. */
  #replace(
    { namespecs, workers }: InForce,
    settings: StreamSettings,
    changed: ReadonlySet<ChangeClass>,
  ): readonly string[] {
    const { supervisor, program } = this.#parts
    if (namespecs.length !== settings.workers) {
      for (const namespec of namespecs) supervisor.remove(namespec)
      return this.#add(settings, workers)
    }
    if (!changed.has('calculator')) return namespecs
    for (const [worker, namespec] of namespecs.entries()) supervisor.replace(namespec, program(settings, worker))
    return namespecs
  }

  #add(settings: StreamSettings, { proxies }: Workers): readonly string[] {
    const { supervisor, program } = this.#parts
    return proxies.map((proxy, worker) => supervisor.add(program(settings, worker), proxy))
  }

  /** Whoever ends everything does not know of Calculators and records that come now. */
  #mustGoOn(): void {
    if (this.#closed) throw overtaken()
  }

  #start(namespecs: readonly string[]): void {
    const { supervisor } = this.#parts
    for (const namespec of namespecs) {
      supervisor.release(namespec)
      supervisor.start(namespec)
    }
  }
}

const overtaken = (): AgentError => new AgentError('SHUTDOWN_STATE', 'cannot change the streams: the agent stops')
