// What the client needs of the world around it; the composition root hands it in.

export interface Terminal {
  /** For stdout, newlines included. */
  write(text: string | Uint8Array): void
  writeError(text: string): void
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
  /**
   * Asks for a line; null: there is no more input, or a handler of onInterrupt took a Ctrl-C. Rejects with Interrupted
   * for a Ctrl-C that nobody took.
   * @param how `hidden`: what is typed does not show; `complete`: gives the beginnings that fit, for the tabulator
   */
  ask(question: string, how?: Asking): Promise<string | null>
  /** Lines for the arrow keys, oldest first; filled by those that were asked for with `complete`. */
  history: readonly string[]
  /** Calls `handle` for each Ctrl-C, in place of the end of the program, until the returned function is called. */
  onInterrupt(handle: () => void): () => void
}

export interface Asking {
  readonly hidden?: boolean
  readonly complete?: (line: string) => Promise<Completion>
}

export interface Completion {
  /** Whole words, each with the blank that follows it. */
  readonly words: readonly string[]
  /** The end of the line that they replace. */
  readonly typed: string
}

/** The person at the terminal wants out. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
