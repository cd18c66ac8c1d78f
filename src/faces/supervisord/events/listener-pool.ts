import type { MainLog } from '../main-log/main-log.ts'
import type { EventBus, FaceEvent, Serials } from './event-bus.ts'
import { ListenerProtocol, type ListenerFact } from './listener-protocol.ts'

export interface PoolParts {
  readonly name: string
  readonly identifier: string
  readonly bufferSize: number
  readonly types: readonly string[]
  readonly bus: EventBus
  readonly mainLog: MainLog
  readonly serials: Serials
}

/** A process of the pool. */
export interface Member {
  readonly name: string
  isRunning(): boolean
  /** False: its stdin is closed. */
  send(bytes: Uint8Array): boolean
}

interface Seat {
  readonly member: Member
  protocol: ListenerProtocol
  /** What it works on. */
  event: FaceEvent | null
}

/**
 * One `[eventlistener:x]`: its events wait here until one of its processes takes them (supervisord:
 * EventListenerPool).
 */
export class ListenerPool {
  readonly #parts: PoolParts
  readonly #seats: Seat[] = []
  readonly #waiting: FaceEvent[] = []
  readonly #unsubscribe: () => void
  readonly #waiters: (() => void)[] = []
  #serial = 0
  #dispatching = false

  constructor(parts: PoolParts) {
    this.#parts = parts
    this.#unsubscribe = parts.bus.subscribe(parts.types, (event) => this.#accept(event))
  }

  /** No more events come. */
  close(): void {
    this.#unsubscribe()
  }

  /** Resolves when no event waits or is worked on, or when nobody is left who could take one. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
      this.#wake()
    })
  }

  #wake(): void {
    const hasWork = this.#waiting.length > 0 || this.#seats.some(({ event }) => event !== null)
    const listens = ({ member, protocol }: Seat): boolean => member.isRunning() && protocol.state !== 'UNKNOWN'
    if (hasWork && this.#seats.some(listens)) return
    for (const wake of this.#waiters.splice(0)) wake()
  }

  join(member: Member): void {
    this.#seats.push({ member, protocol: new ListenerProtocol(), event: null })
  }

  /** The process runs anew. */
  started(member: Member): void {
    const seat = this.#seatOf(member)
    seat.protocol = new ListenerProtocol()
    seat.event = null
  }

  /** The process is gone: what it worked on goes to another. */
  ended(member: Member): void {
    const seat = this.#seatOf(member)
    const { event } = seat
    seat.event = null
    seat.protocol = new ListenerProtocol()
    if (event !== null) this.#accept(event, true)
    // In this very moment the process still counts as running.
    queueMicrotask(() => this.#wake())
  }

  /** What the process wrote to its stdout. */
  heard(member: Member, chunk: Uint8Array): void {
    const seat = this.#seatOf(member)
    for (const fact of seat.protocol.feed(chunk)) this.#judge(seat, fact)
    this.dispatch()
    this.#wake()
  }

  /** Gives what waits to whoever is ready, soon. */
  dispatch(): void {
    if (this.#dispatching || this.#waiting.length === 0) return
    this.#dispatching = true
    queueMicrotask(() => {
      this.#dispatching = false
      while (this.#waiting[0] !== undefined && this.#give(this.#waiting[0])) this.#waiting.shift()
    })
  }

  #seatOf(member: Member): Seat {
    const seat = this.#seats.find((candidate) => candidate.member === member)
    if (seat === undefined) throw new Error(`invariant broken: ${member.name} is no member of ${this.#parts.name}`)
    return seat
  }

  #accept(event: FaceEvent, again = false): void {
    const { name, bufferSize, mainLog, serials } = this.#parts
    event.serial ??= serials.next++
    if (again) {
      const size = `buf size=${this.#waiting.length}, max=${bufferSize}`
      mainLog.line('debug', `rebuffering event ${event.serial} for pool ${name} (${size})`)
    } else event.poolSerials.set(name, this.#serial++)
    if (this.#waiting.length >= bufferSize) {
      const lost = this.#waiting.shift()
      mainLog.line('error', `pool ${name} event buffer overflowed, discarding event ${lost?.serial ?? ''}`)
    }
    if (again) this.#waiting.unshift(event)
    else this.#waiting.push(event)
    this.dispatch()
  }

  #give(event: FaceEvent): boolean {
    for (const seat of this.#seats) {
      if (seat.protocol.state !== 'READY' || !seat.member.isRunning()) continue
      if (!seat.member.send(this.#envelope(event))) {
        const text = `epipe occurred while sending event ${event.serial ?? ''} to listener ${seat.member.name}`
        this.#parts.mainLog.line('debug', `${text}, listener state unchanged`)
        continue
      }
      seat.event = event
      seat.protocol.sent()
      this.#parts.mainLog.line('debug', `event ${event.serial ?? ''} sent to listener ${seat.member.name}`)
      return true
    }
    return false
  }

  #envelope({ type, payload, serial, poolSerials }: FaceEvent): Uint8Array {
    const { name, identifier } = this.#parts
    const pool = `pool:${name} poolserial:${poolSerials.get(name) ?? 0}`
    const head = `ver:3.0 server:${identifier} serial:${serial ?? 0} ${pool} eventname:${type}`
    return Buffer.from(`${head} len:${codePoints(payload)}\n${payload}`)
  }

  #judge(seat: Seat, fact: ListenerFact): void {
    const { mainLog } = this.#parts
    const { name } = seat.member
    switch (fact.fact) {
      case 'changed':
        mainLog.line('debug', `${name}: ${fact.from} -> ${fact.to}`)
        if (fact.to === 'UNKNOWN') {
          const reason = 'this usually indicates the process violated the eventlistener protocol'
          mainLog.line('warn', `${name}: has entered the UNKNOWN state and will no longer receive events, ${reason}`)
        }
        break
      case 'bad-line':
        mainLog.line('warn', `${name}: bad result line: '${Buffer.from(fact.line).toString()}'`)
        break
      case 'processed':
        mainLog.line('debug', `${name}: event was processed`)
        seat.event = null
        break
      case 'rejected': {
        const { event } = seat
        seat.event = null
        if (seat.protocol.state !== 'UNKNOWN') mainLog.line('warn', `${name}: event was rejected`)
        if (event !== null) this.#accept(event, true)
      }
    }
  }
}

/** Length as Python 3 counts it, and as its listeners read it: not bytes. */
function codePoints(text: string): number {
  let count = text.length
  for (let index = 0; index < text.length; index++) if ((text.charCodeAt(index) & 0xfc00) === 0xdc00) count--
  return count
}
