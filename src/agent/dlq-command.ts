// The actions of `pidpiper dlq`, from their words to their exit codes.
import { problemsText } from '../cli/check.ts'
import type { DlqFilters, DlqRequest, Moment } from '../cli/dlq-arguments.ts'
import { list } from '../cli/dlq-list.ts'
import { Progress } from '../cli/dlq-progress.ts'
import { purgeJson, purgedLetters, purgeReport } from '../cli/dlq-purge.ts'
import { outcome, plan, replayJson, totalOf } from '../cli/dlq-replay.ts'
import { show } from '../cli/dlq-show.ts'
import { countText } from '../cli/dlq-text.ts'
import type { Machine } from '../config/machine.ts'
import type { Environment } from '../config/read.ts'
import type { Letter } from '../domain/dead-letters/letter.ts'
import { EVERYTHING, type Selection } from '../domain/dead-letters/selection.ts'
import { AgentError } from '../domain/errors.ts'
import { exitCodes } from '../domain/exit-codes.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import { DeadLetterBox } from '../kafka/dead-letter-queue/box.ts'
import { Purge } from '../kafka/dead-letter-queue/purge.ts'
import { Replay, type ReplayTally } from '../kafka/dead-letter-queue/replay.ts'
import { dlqSettings } from './dlq-settings.ts'

export interface DlqWorld {
  readonly environment: Environment
  readonly machine: Machine
  readonly clock: Clock
  /** Ends the work after what is on its way. */
  readonly signal: AbortSignal
  /** Resolves when the reader has room for more. */
  readonly out: (text: string | Uint8Array) => Promise<void>
  readonly err: (text: string) => void
  readonly colors: boolean
  /** Stderr is one. */
  readonly terminal: boolean
  /** Null: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<boolean>) | null
}

type Of<A extends DlqRequest['action']> = Extract<DlqRequest, { action: A }>

/** Resolves to the exit code; what failed is told on stderr. Only a bug rejects. */
export async function runDlq(request: DlqRequest, world: DlqWorld): Promise<number> {
  const { environment, machine, clock, signal } = world
  const settings = dlqSettings(environment, machine, request.topic)
  if (settings.kafka === null) {
    world.err(problemsText(settings.problems, ''))
    return exitCodes.badConfiguration
  }
  const { kafka, topic } = settings
  const progress = new Progress(clock, world.terminal, (text) => world.err(text))
  const box = new DeadLetterBox({ kafka, topic, clock, signal })
  try {
    await box.open()
    const actions = new DlqActions(world, box, progress)
    switch (request.action) {
      case 'ls':
        return await actions.list(request)
      case 'show':
        return await actions.show(request)
      case 'replay':
        return await actions.replay(request)
      case 'purge':
        return await actions.purge(request)
    }
  } catch (error) {
    progress.clear()
    if (!(error instanceof AgentError)) throw error
    // The signal's own exit code is given by whoever got it.
    if (error.code === 'SHUTDOWN_STATE' && signal.aborted) return 0
    world.err(`pidpiper: ${error.subject}\n`)
    if (error.code === 'BAD_USAGE') return exitCodes.usage
    return error.code === 'UNAVAILABLE' ? exitCodes.unavailable : exitCodes.failed
  } finally {
    box.close()
  }
}

class DlqActions {
  readonly #world: DlqWorld
  readonly #box: DeadLetterBox
  readonly #progress: Progress

  constructor(world: DlqWorld, box: DeadLetterBox, progress: Progress) {
    this.#world = world
    this.#box = box
    this.#progress = progress
  }

  async list({ filters, limit, json }: Of<'ls'>): Promise<number> {
    const { topic, journal } = this.#box
    const selection = this.#selection(filters)
    const parts = {
      topic: topic.topic,
      spans: await topic.spans(selection),
      read: topic.read.bind(topic),
      marks: journal.loadIfAllowed.bind(journal),
      print: (text: string) => this.#world.out(text),
      progress: this.#progress,
    }
    await list(parts, { selection, limit, json, colors: this.#world.colors })
    return 0
  }

  async show({ partition, offset, raw, json }: Of<'show'>): Promise<number> {
    const letter = await this.#letter(partition, offset)
    if (letter === null) {
      this.#world.err(`pidpiper: no letter ${partition}:${offset} in topic ${this.#box.topic.topic}\n`)
      return exitCodes.failed
    }
    const marks = raw ? null : await this.#box.journal.loadIfAllowed(partition)
    await this.#world.out(raw ? letter.value : show(letter, marks, { json, colors: this.#world.colors }))
    return 0
  }

  async replay({ filters, limit, to, force, again, yes, json }: Of<'replay'>): Promise<number> {
    const { topic, journal, writer } = this.#box
    const { signal } = this.#world
    const name = topic.topic
    if (to === name) throw new AgentError('BAD_USAGE', `--to ${to} is the dead-letter topic itself`)
    const selection = this.#selection(filters)
    const spans = await topic.spans(selection)
    const total = spans.reduce((sum, span) => sum + Math.max(0, span.to - span.from), 0)
    const advance = (verb: string) => (looked: number, tally: ReplayTally) => {
      this.#progress.tell(() => `looked at ${looked} of ${total}, ${totalOf(tally.sent)} ${verb}`)
    }
    const parts = { topic, journal, writer, signal }
    const request = { selection, limit, to, force, again }
    if (!yes) {
      const found = await new Replay(parts, request, advance('to be sent')).survey(spans)
      this.#progress.clear()
      if (signal.aborted) return 0
      const count = totalOf(found.sent)
      if (count === 0) return this.#replayed(found, json)
      // Who names a letter has seen it.
      const isNamed = selection.partition !== null && selection.offset !== null
      const refused = isNamed ? null : await this.#refusal(plan(found, name), `Send ${countText(count)}?`)
      if (refused !== null) {
        if (json) await this.#world.out(replayJson(found, name, false, false))
        return refused
      }
    }
    const tally = await new Replay(parts, request, advance('sent')).run(spans)
    return this.#replayed(tally, json)
  }

  async purge({ limit, partition, reasons, replayed, yes, json }: Of<'purge'>): Promise<number> {
    const { topic } = this.#box
    const purge = new Purge(topic, this.#box.journal, this.#box.cluster)
    const wanted = typeof limit === 'object' && 'before' in limit ? { before: this.#instant(limit.before) } : limit
    const plans = await purge.plan({ limit: wanted, partition, reasons, replayed }, (looked) =>
      this.#progress.tell(() => `looked at ${looked}`),
    )
    this.#progress.clear()
    const goes = purgedLetters(plans) > 0
    if (goes && yes) for (const { span } of plans) await purge.delete(span)
    const done = goes && yes
    await this.#world.out(
      json
        ? purgeJson(plans, topic.topic, done)
        : purgeReport(plans, topic.topic, done || !goes ? 'deleted' : 'to be deleted'),
    )
    if (!goes || yes) return 0
    this.#world.err('pidpiper: nothing was deleted: say --yes to delete\n')
    return exitCodes.usage
  }

  async #replayed(tally: ReplayTally, json: boolean): Promise<number> {
    this.#progress.clear()
    const { out, signal } = this.#world
    const { topic } = this.#box.topic
    const interrupted = signal.aborted
    await out(json ? replayJson(tally, topic, true, interrupted) : outcome(tally, topic))
    if (interrupted) this.#world.err('pidpiper: interrupted: the next replay goes on from here\n')
    return totalOf(tally.stayed) > 0 ? exitCodes.failed : 0
  }

  /** Null: it is wanted; else the exit code. */
  async #refusal(said: string, question: string): Promise<number | null> {
    const { ask, err } = this.#world
    err(said)
    if (ask === null) err('pidpiper: nothing was sent: say --yes to send, or name one letter as PARTITION:OFFSET\n')
    else if (await ask(question)) return null
    else err('pidpiper: nothing was sent\n')
    return ask === null ? exitCodes.usage : exitCodes.failed
  }

  async #letter(partition: number, offset: number): Promise<Letter | null> {
    const { topic } = this.#box
    const spans = await topic.spans({ ...EVERYTHING, partition, offset })
    for (const span of spans) {
      for await (const letters of topic.read(span)) {
        const found = letters.find((letter) => letter.offset === offset)
        if (found) return found
      }
    }
    return null
  }

  #selection({ reasons, since, until, partition, offset }: DlqFilters): Selection {
    const at = (moment: Moment | null): Millis | null => moment && this.#instant(moment)
    return { reasons, since: at(since), until: at(until), partition, offset }
  }

  #instant(moment: Moment): Millis {
    return 'at' in moment ? moment.at : this.#world.clock.wall() - moment.ago
  }
}
