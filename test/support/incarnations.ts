import type { ExitStatus } from '../../src/domain/process/state.ts'
import type { Activity } from '../../src/engine/ports.ts'
import type { StreamProxy } from '../../src/engine/stream/stream-proxy.ts'
import type { MemoryCalculator } from './stream-world.ts'

/** Makes a Calculator that tells `died` its exit code. */
type Birth = (pid: number, died: (code: number) => void) => MemoryCalculator

/** The Calculators before one stream, one after the other: whoever dies is followed by the next at once. */
export class Incarnations {
  readonly #birth: Birth
  #proxy: StreamProxy | null = null
  #child: MemoryCalculator | null = null
  #pid = 0

  constructor(birth: Birth) {
    this.#birth = birth
  }

  activity(): Activity {
    return this.#child?.activity() ?? { cpu: null, parked: 'busy' }
  }

  begin(proxy: StreamProxy): void {
    this.#proxy = proxy
    const child = (this.#child = this.#birth(++this.#pid, (code) => this.#next(child, { code, signal: null })))
    proxy.opened(child)
  }

  /** As from outside. */
  kill(): void {
    const child = this.#child
    if (!child?.alive) return
    child.die()
    this.#next(child, { code: null, signal: 'SIGKILL' })
  }

  /** Nobody follows the last one. */
  end(): void {
    this.#proxy = null
    this.#child?.die()
  }

  #next(child: MemoryCalculator, status: ExitStatus): void {
    const proxy = this.#proxy
    if (!proxy) return
    proxy.closed(child, status, false)
    this.begin(proxy)
  }
}
