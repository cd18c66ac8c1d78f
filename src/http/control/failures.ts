import { isIPv6 } from 'node:net'
import type { Millis } from '../../domain/time.ts'

export interface FailureLimits {
  /** Failures of one address within one window; then it is refused until the window ends. */
  readonly most: number
  readonly window: Millis
  /** Addresses that are remembered; the oldest makes room. */
  readonly addresses: number
}

export const defaultFailureLimits: FailureLimits = { most: 10, window: 60_000, addresses: 1024 }

interface Window {
  readonly ends: Millis
  count: number
}

/** Wrong credentials, counted by address: whoever tries too many has to wait, right or wrong. */
export class Failures {
  readonly #limits: FailureLimits
  readonly #now: () => Millis
  readonly #windows = new Map<string, Window>()

  /** @param now monotonic */
  constructor(now: () => Millis, limits: FailureLimits = defaultFailureLimits) {
    this.#now = now
    this.#limits = limits
  }

  /** How long this address is refused yet; 0: it is not. */
  wait(address: string): Millis {
    const window = this.#current(sourceOf(address))
    return window !== undefined && window.count >= this.#limits.most ? window.ends - this.#now() : 0
  }

  /** @returns how many this address has in its window, this one included */
  failed(address: string): number {
    const source = sourceOf(address)
    const window = this.#current(source) ?? { ends: this.#now() + this.#limits.window, count: 0 }
    window.count++
    this.#windows.set(source, window)
    if (this.#windows.size > this.#limits.addresses) this.#forgetOldest()
    return window.count
  }

  #current(source: string): Window | undefined {
    const window = this.#windows.get(source)
    if (window === undefined || window.ends > this.#now()) return window
    this.#windows.delete(source)
    return undefined
  }

  #forgetOldest(): void {
    const [oldest] = this.#windows.keys()
    if (oldest !== undefined) this.#windows.delete(oldest)
  }
}

/** One host of IPv6 may have a /64 full of addresses; IPv4 may come as `::ffff:1.2.3.4`. */
export function sourceOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(bare)) return bare
  const [head = '', tail = ''] = bare.replace(/%.*/, '').split('::', 2)
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const missing = Math.max(0, 8 - words(head).length - words(tail).length)
  const all = [...words(head), ...(bare.includes('::') ? Array<string>(missing).fill('0') : []), ...words(tail)]
  return all.slice(0, 4).join(':')
}
