export type ListenerState = 'ACKNOWLEDGED' | 'READY' | 'BUSY' | 'UNKNOWN'

export type ListenerFact =
  | { readonly fact: 'changed'; readonly from: ListenerState; readonly to: ListenerState }
  /** The event that it was given is done with, or is to be given again. */
  | { readonly fact: 'processed' | 'rejected' }
  | { readonly fact: 'bad-line'; readonly line: Uint8Array }

const ready = Buffer.from('READY\n')
const resultStart = 'RESULT '.length
const newline = 0x0a
/** A result line is a word and a number. */
const longestLine = 1024

/**
 * What an event listener may say, and what it means: one small machine per listener (supervisord:
 * PEventListenerDispatcher). It keeps no more than one short line.
 */
export class ListenerProtocol {
  #state: ListenerState = 'ACKNOWLEDGED'
  #buffer: Buffer = Buffer.alloc(0)
  /** Length of the result that is being read; null before its line. */
  #length: number | null = null
  #missing = 0
  #result = ''

  get state(): ListenerState {
    return this.#state
  }

  /** An event was sent to it. */
  sent(): ListenerFact[] {
    return this.#go('BUSY')
  }

  /** What the listener wrote, and what it means, in order. */
  feed(chunk: Uint8Array): ListenerFact[] {
    if (this.#state === 'UNKNOWN' || chunk.length === 0) return []
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    const facts: ListenerFact[] = []
    for (let more = true; more;) {
      const step = this.#step()
      facts.push(...(step ?? []))
      more = step !== null && this.#buffer.length > 0
    }
    return facts
  }

  /** Null: more bytes are needed. */
  #step(): ListenerFact[] | null {
    switch (this.#state) {
      case 'UNKNOWN':
        this.#buffer = Buffer.alloc(0)
        return null
      case 'READY':
        return this.#go('UNKNOWN')
      case 'ACKNOWLEDGED':
        if (this.#buffer.length < ready.length) return null
        if (!this.#buffer.subarray(0, ready.length).equals(ready)) return this.#go('UNKNOWN')
        this.#buffer = this.#buffer.subarray(ready.length)
        return this.#go('READY')
      case 'BUSY':
        return this.#length === null ? this.#resultLine() : this.#resultBytes()
    }
  }

  #resultLine(): ListenerFact[] | null {
    const at = this.#buffer.indexOf(newline)
    if (at < 0 && this.#buffer.length <= longestLine) return null
    const line = Buffer.from(this.#buffer.subarray(0, at < 0 ? longestLine : at))
    const length = line.subarray(resultStart).toString('latin1').trim()
    if (at < 0 || !/^\+?\d{1,15}$/.test(length)) {
      return [{ fact: 'bad-line', line }, ...this.#go('UNKNOWN'), { fact: 'rejected' }]
    }
    this.#buffer = this.#buffer.subarray(at + 1)
    this.#length = this.#missing = Number(length)
    this.#result = ''
    return this.#missing === 0 ? this.#resultBytes() : []
  }

  #resultBytes(): ListenerFact[] | null {
    const taken = this.#buffer.subarray(0, this.#missing)
    this.#missing -= taken.length
    this.#buffer = this.#buffer.subarray(taken.length)
    // `OK` is the only result with a meaning: no need to keep more than its length.
    if (this.#result.length < 2) this.#result += taken.subarray(0, 2 - this.#result.length).toString('latin1')
    if (this.#missing > 0) return null
    const isGood = this.#length === 2 && this.#result === 'OK'
    this.#length = null
    return [{ fact: isGood ? 'processed' : 'rejected' }, ...this.#go('ACKNOWLEDGED')]
  }

  #go(to: ListenerState): ListenerFact[] {
    const from = this.#state
    this.#state = to
    if (to === 'UNKNOWN') this.#buffer = Buffer.alloc(0)
    return [{ fact: 'changed', from, to }]
  }
}
