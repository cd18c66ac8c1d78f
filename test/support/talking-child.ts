// A Calculator in memory that has a control channel, before a stream of one partition.
import type { ExitStatus } from '../../src/domain/process/state.ts'
import type { Protocol } from '../../src/domain/stream/settings.ts'
import { EventRing } from '../../src/engine/event-ring.ts'
import type { Child } from '../../src/engine/ports.ts'
import type { StreamParts, StreamSides } from '../../src/engine/stream/stream-parts.ts'
import { StreamProxy } from '../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from './fake-clock.ts'
import { quietParts, quietSides } from './quiet-stream.ts'
import { MemoryLetters, MemorySink, MemorySource } from './stream-world.ts'
import { TransactionalWorld } from './transactional-world.ts'

export class TalkingChild implements Child {
  readonly startedAt = 7
  readonly pid: number
  /** Lines that it was given. */
  readonly lines: string[] = []
  inputEnded = false
  /** Called for each line that it is given; `number` counts from 1. */
  onLine: (line: string, number: number) => void = () => undefined
  #heard: (line: string, cut: boolean) => void = () => undefined
  #printed: { data(chunk: Uint8Array): void; end(): void } | null = null

  constructor(pid: number) {
    this.pid = pid
  }

  readonly stdin = {
    write: (...pieces: readonly Uint8Array[]): Promise<void> => {
      for (const line of Buffer.concat(pieces).toString().split('\n').slice(0, -1)) {
        this.lines.push(line)
        const number = this.lines.length
        queueMicrotask(() => this.onLine(line, number))
      }
      return Promise.resolve()
    },
    end: (): void => {
      this.inputEnded = true
    },
    unread: (): number => 0,
  }

  readonly stdout = {
    listen: (listener: { data(chunk: Uint8Array): void; end(): void }): void => {
      this.#printed = listener
    },
    pause: (): void => undefined,
    resume: (): void => undefined,
    destroy: (): void => undefined,
    unread: (): number => 0,
  }

  readonly control = {
    listen: (listener: (line: string, cut: boolean) => void): void => {
      this.#heard = listener
    },
    catchUp: (): void => undefined,
  }

  say(message: object): void {
    this.#heard(JSON.stringify(message), false)
  }

  print(line: string): void {
    this.#printed?.data(Buffer.from(`${line}\n`))
  }

  end(): void {
    this.#printed?.end()
  }
}

export interface Stage {
  readonly clock: FakeClock
  readonly source: MemorySource
  readonly sink: MemorySink
  readonly letters: MemoryLetters
  /** Where sink and letters are those of transactions: with a `transactionLimitMs`. */
  readonly transacted: TransactionalWorld | null
  readonly events: EventRing
  readonly proxy: StreamProxy
  readonly sides: StreamSides
  /** What the log was given by control channels. */
  readonly logged: string[]
  /** How often the Calculator said that it is ready. */
  ready: number
  killed: boolean
  child: TalkingChild
  /** The child is gone; the next one is there. */
  replace(status: ExitStatus, signalled?: boolean): TalkingChild
}

/** Opens a stream of `values` before a child that `prepare` has seen; later ones are prepared, too. */
export async function stage(
  protocol: Protocol,
  values: readonly string[],
  parts: Partial<StreamParts> = {},
  prepare: (child: TalkingChild) => void = () => undefined,
): Promise<Stage> {
  const clock = new FakeClock()
  const source = new MemorySource(values, 2)
  const [sink, letters, events] = [new MemorySink(clock, 1), new MemoryLetters(), new EventRing(clock)]
  const transacted = parts.transactionLimitMs == null ? null : new TransactionalWorld(clock, { ack: 1, end: 1 }, source)
  const sides = quietSides(clock, {
    ...{ source, sink: transacted?.sink ?? sink, letters: transacted?.letterSink ?? letters },
    ...{ transactions: transacted, protocol },
  })
  const proxy = new StreamProxy(
    quietParts(clock, events, {
      bufferBytes: 10_000,
      activity: () => ({ cpu: 0n, parked: 'stdin' }),
      broken: () => (world.killed = true),
      control: {
        awaitsReady: false,
        acks: false,
        ready: () => world.ready++,
        log: (_pid, line) => world.logged.push(line),
      },
      ...parts,
    }),
    sides,
  )
  const open = (pid: number): TalkingChild => {
    const child = new TalkingChild(pid)
    prepare(child)
    proxy.opened(child)
    return child
  }
  const world: Stage = {
    ...{ clock, source, sink, letters, transacted, events, proxy, sides },
    logged: [],
    ready: 0,
    killed: false,
    child: open(1),
    replace(status, signalled = false) {
      const { child } = world
      child.end()
      proxy.closed(child, status, signalled)
      return (world.child = open(child.pid + 1))
    },
  }
  await source.start(proxy.consumer)
  await clock.advance(1)
  return world
}
