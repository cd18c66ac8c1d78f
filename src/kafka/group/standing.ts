import type { MemberIdentity } from './requests.ts'

/**
 * `out`: no generation is ours. `joining`: a JoinGroup is under way, and the generation before it still holds.
 * `syncing`: the new generation is known, what it gives us is not; nothing can be committed. `stable`: it is.
 */
export type Phase = 'out' | 'joining' | 'syncing' | 'stable'

/** Where the member stands in its group, for all who speak in its name. */
export class Standing implements MemberIdentity {
  readonly groupId: string
  readonly instanceId: string | null
  #memberId = ''
  #generation = -1
  #phase: Phase = 'out'
  #moved = Promise.withResolvers<undefined>()

  constructor(groupId: string, instanceId: string | null) {
    this.groupId = groupId
    this.instanceId = instanceId
  }

  get memberId(): string {
    return this.#memberId
  }

  get generation(): number {
    return this.#generation
  }

  get phase(): Phase {
    return this.#phase
  }

  /** As it is now; a request under way must know for whom it was made. */
  identity(): MemberIdentity {
    const { groupId, instanceId, memberId, generation } = this
    return { groupId, instanceId, memberId, generation }
  }

  /** The coordinator gave us this name, or took it back (empty). */
  identified(memberId: string): void {
    this.#memberId = memberId
  }

  /** A JoinGroup is about to be sent. */
  joining(): void {
    this.#move('joining')
  }

  /** It was answered: a new generation. */
  joined(memberId: string, generation: number): void {
    this.#memberId = memberId
    this.#generation = generation
    this.#move('syncing')
  }

  /** The generation has told what it gives us. */
  synced(): void {
    this.#move('stable')
  }

  /** No generation is ours any more. */
  lost(): void {
    this.#generation = -1
    this.#move('out')
  }

  /** Resolves when `holds` does, or when `signal` is aborted. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    const ended = (): boolean => holds() || signal.aborted
    if (ended()) return
    const over = Promise.withResolvers<undefined>()
    const end = (): void => over.resolve(undefined)
    signal.addEventListener('abort', end)
    try {
      while (!ended()) await Promise.race([this.#moved.promise, over.promise])
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  #move(phase: Phase): void {
    this.#phase = phase
    const { resolve } = this.#moved
    this.#moved = Promise.withResolvers()
    resolve(undefined)
  }
}
