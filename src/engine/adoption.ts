// Changes what streams and Calculator do while they run: drain, exchange what differs, go on; or roll back.
import { changeClass } from '../domain/stream/change-class.ts'
import type { ProgramSpec } from '../domain/process/spec.ts'
import type { StreamSettings } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { EventRing } from './event-ring.ts'
import type { Clock } from './ports.ts'
import type { StreamSides } from './stream-parts.ts'
import { StreamProxy } from './stream-proxy.ts'
import type { Supervisor } from './supervisor.ts'

export interface AdoptionParts {
  readonly clock: Clock
  readonly events: EventRing
  readonly supervisor: Supervisor
  readonly adoptionGraceMs: Millis
  readonly program: (settings: StreamSettings) => ProgramSpec
  /** New sides for `settings`; what the change leaves alone is taken from `old`. Closes nothing. */
  readonly sides: (settings: StreamSettings, old: StreamSides | null, changed: ReadonlySet<string>) => StreamSides
  readonly proxy: (sides: StreamSides) => StreamProxy
}

/** A Calculator that failed to start so often in a row with new settings cannot start with them. */
const FAILED_STARTS = 3

const OUTPUT_WAIT: Millis = 500

interface InForce {
  readonly settings: StreamSettings
  readonly namespec: string
  readonly proxy: StreamProxy
  readonly sides: StreamSides
}

export class Adoption {
  readonly #parts: AdoptionParts
  #inForce: InForce | null = null
  #turn: Promise<unknown> = Promise.resolve()
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

  get proxy(): StreamProxy | null {
    return this.#inForce?.proxy ?? null
  }

  get namespec(): string | null {
    return this.#inForce?.namespec ?? null
  }

  /** Puts `settings` in force, after whatever is being adopted now. */
  adopt(settings: StreamSettings): Promise<void> {
    return this.#serially(async () => {
      if (this.#closed) return
      if (this.#inForce) await this.#change(this.#inForce, settings)
      else await this.#begin(settings)
    })
  }

  /**
   * Resolves once it is known whether the Calculator starts: to null when it runs, or to the reason when it was found
   * that it cannot. To be called right after `adopt`.
   */
  async verdict(): Promise<string | null> {
    const namespec = this.namespec
    if (namespec === null) return null
    const { supervisor, events } = this.#parts
    const look = (): string | null | undefined => {
      const process = supervisor.snapshot(namespec)
      // One that came to its own end has started.
      const started = process?.state === 'RUNNING' || process?.state === 'EXITED'
      if (process === undefined || started || this.#closed) return null
      const failed = process.state === 'FATAL' || process.retries >= FAILED_STARTS
      if (failed || process.spawnerr.startsWith("can't find command")) return process.spawnerr || process.state
      return undefined
    }
    return new Promise((resolve) => {
      const answer = (): void => {
        const found = look()
        if (found === undefined) return
        unsubscribe()
        resolve(found)
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
    await this.#turn
  }

  /** Closes source and sinks, when nothing flows any more. */
  async closeSides(): Promise<void> {
    const inForce = this.#inForce
    if (!inForce) return
    inForce.proxy.close()
    const { source, sink, letters, transactions } = inForce.sides
    await source.close()
    await Promise.all([sink.close(), letters.close(), transactions?.close()])
  }

  #serially(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      this.#adopting = true
      try {
        await work()
      } finally {
        this.#adopting = false
      }
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #begin(settings: StreamSettings): Promise<void> {
    const { supervisor } = this.#parts
    const spec = this.#parts.program(settings)
    const sides = this.#parts.sides(settings, null, new Set())
    const proxy = this.#parts.proxy(sides)
    const namespec = supervisor.add(spec, proxy)
    this.#inForce = { settings, namespec, proxy, sides }
    supervisor.start(namespec)
    await sides.source.start(proxy.consumer)
  }

  async #change(old: InForce, settings: StreamSettings): Promise<void> {
    const { supervisor, events, adoptionGraceMs } = this.#parts
    const changed = changeClass(old.settings, settings)
    if ([...changed].every((change) => change === 'live')) {
      this.#inForce = { ...old, settings }
      return
    }
    const { namespec, proxy } = old
    events.publish('stream.adopting', 'info', 'taking over a new run document', { changes: [...changed] })
    const finished = await proxy.drain(adoptionGraceMs)
    // A Calculator that did not finish is restarted, so that no late answer reaches the new streams; one that is not up
    // gets its new chance at once.
    const isUp = supervisor.snapshot(namespec)?.pid != null
    const restart = changed.has('calculator') || !finished || !isUp
    if (restart) await supervisor.ensureStopped(namespec)
    // Only an output that takes nothing can hold this up; what it was to get is then answered anew.
    const patience = this.#parts.clock.arm(OUTPUT_WAIT, () => proxy.abandonOutput())
    await proxy.finished
    patience.cancel()
    const sides = this.#parts.sides(settings, old.sides, changed)
    const leaving = [
      ...(sides.source === old.sides.source ? [] : [old.sides.source]),
      ...(sides.sink === old.sides.sink ? [] : [old.sides.sink]),
      ...(sides.letters === old.sides.letters ? [] : [old.sides.letters]),
    ]
    proxy.use(sides)
    await Promise.all(leaving.map((side) => side.close()))
    this.#inForce = { settings, namespec, proxy, sides }
    if (changed.has('calculator')) supervisor.replace(namespec, this.#parts.program(settings))
    if (restart) supervisor.start(namespec)
    proxy.resume()
    if (sides.source !== old.sides.source) await sides.source.start(proxy.consumer)
    events.publish('stream.adopted', 'info', 'the new run document is in force', { restarted: restart })
  }
}
