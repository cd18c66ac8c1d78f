import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { Interrupted, type Asking, type Terminal } from './terminal.ts'

export interface Streams {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Takes SIGINT until the returned function is called. */
  readonly onSigint: (handle: () => void) => () => void
}

const HISTORY = 1000

/**
 * The terminal over Node's streams. On a real one a line is read with editing, history and completion, and between two
 * questions it is as it was, so that Ctrl-C ends what runs; from a pipe lines are taken as they come.
 */
export class NodeTerminal implements Terminal {
  readonly isTerminal: boolean
  history: readonly string[] = []
  readonly #streams: Streams
  readonly #handlers: (() => void)[] = []
  /** Lines that came before somebody asked for them; those of one chunk at most. */
  readonly #early: string[] = []
  #piped: Interface | null = null
  #ended = false
  #waiting: ((line: string | null) => void) | null = null

  constructor(streams: Streams) {
    this.#streams = streams
    this.isTerminal = streams.stdout.isTTY
    streams.stdout.on('error', () => this.#leave())
  }

  /** Nobody reads any more, as in `tail -f x | head`: what goes on for ever ends. */
  #leave(): void {
    this.#ended = true
    for (const handle of [...this.#handlers]) handle()
  }

  write = (text: string | Uint8Array): void => void this.#streams.stdout.write(text)
  writeError = (text: string): void => void this.#streams.stderr.write(text)

  onInterrupt(handle: () => void): () => void {
    this.#handlers.push(handle)
    const unhook = this.#streams.onSigint(handle)
    return () => {
      unhook()
      this.#handlers.splice(this.#handlers.indexOf(handle), 1)
    }
  }

  ask(question: string, how: Asking = {}): Promise<string | null> {
    const early = this.#early.shift()
    if (early === undefined && this.#streams.stdin.isTTY && !this.#ended) return this.#askPerson(question, how)
    this.write(question)
    if (early !== undefined) return Promise.resolve(early)
    return this.#ended ? Promise.resolve(null) : this.#nextOfPipe()
  }

  #nextOfPipe(): Promise<string | null> {
    this.#piped ??= this.#readPipe()
    this.#piped.resume()
    return new Promise((resolve) => (this.#waiting = resolve))
  }

  #readPipe(): Interface {
    const reader = createInterface({ input: this.#streams.stdin, terminal: false })
    reader.on('line', (line) => {
      const give = this.#waiting
      this.#waiting = null
      if (give === null) this.#early.push(line)
      else give(line)
      reader.pause()
    })
    reader.on('close', () => {
      this.#ended = true
      this.#waiting?.(null)
      this.#waiting = null
    })
    return reader
  }

  #askPerson(question: string, { hidden = false, complete }: Asking): Promise<string | null> {
    const { stdin, stdout } = this.#streams
    if (hidden) this.write(question)
    const editor = createInterface({
      input: stdin,
      output: hidden ? nowhere() : stdout,
      terminal: true,
      historySize: complete === undefined ? 0 : HISTORY,
      history: this.history.toReversed(),
      prompt: question,
      ...(complete && {
        completer: (line: string, answer: (error: null, result: [string[], string]) => void) => {
          void complete(line).then(({ words, typed }) => answer(null, [[...words], typed]))
        },
      }),
    })
    return new Promise((resolve, reject) => {
      editor.on('history', (lines) => (this.history = lines.toReversed()))
      editor.on('line', (line) => {
        this.#early.push(line)
        // More lines of the same chunk come before this: they were pasted.
        setImmediate(() => editor.close())
      })
      editor.on('SIGINT', () => {
        const take = this.#handlers.at(-1)
        if (take === undefined) reject(new Interrupted())
        take?.()
        editor.close()
      })
      editor.on('close', () => resolve(this.#early.shift() ?? null))
      editor.prompt()
    })
  }
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })
