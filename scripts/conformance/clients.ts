// The two clients: the real supervisorctl, and ours, as a binary or in this process.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { supervisorctl } from '../../src/faces/supervisord/ctl/main.ts'
import type { Terminal } from '../../src/faces/supervisord/ctl/terminal.ts'
import { nodeMachine } from '../../src/faces/supervisord/config/node-machine.ts'

export interface Question {
  readonly argv: readonly string[]
  /** What is typed, where anything is asked. */
  readonly stdin: string
  readonly cwd: string
  /** Ctrl-C after so many ms. */
  readonly interruptAfter: number | null
}

export interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

export interface Client {
  run(question: Question): Promise<Output>
  close(): Promise<void>
}

/** Debian's interpreter, for which its package is made. */
export const PYTHON = '/usr/bin/python3'
/** What the real one calls itself in messages. */
const PROGRAM = '/usr/bin/supervisorctl'

/** Its modules are loaded once: the script would else be an exercise in starting Python. */
export function realClient(): Client {
  const script = resolve(import.meta.dirname, 'real-ctl.py')
  const python = spawn(PYTHON, ['-W', 'ignore', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
  return {
    async run({ interruptAfter, ...question }) {
      const interrupt = interruptAfter === null ? null : interruptAfter / 1000
      python.stdin.write(`${JSON.stringify({ ...question, interrupt })}\n`)
      const answer = await answers.next()
      if (answer.done === true) throw new Error('the real supervisorctl has left')
      return JSON.parse(answer.value) as Output
    },
    async close() {
      const closed = once(python, 'close')
      python.stdin.end()
      await closed
    },
  }
}

/** The code itself, with a terminal that keeps what is written. */
export function ourClient(): Client {
  return {
    async run({ argv, stdin, cwd, interruptAfter }) {
      const { terminal, said } = recorder(stdin, interruptAfter)
      const environment = { PATH: '/usr/bin:/bin' }
      const machine = nodeMachine({ environment, cwd, uid: 0 })
      const code = await supervisorctl(argv, { program: PROGRAM, executable: PROGRAM, machine, terminal })
      return { ...said(), code }
    },
    close: () => Promise.resolve(),
  }
}

type Said = () => Omit<Output, 'code'>

function recorder(stdin: string, interruptAfter: number | null): { readonly terminal: Terminal; readonly said: Said } {
  const bytes: Uint8Array[] = []
  let stderr = ''
  const lines = stdin.split('\n').slice(0, -1)
  const write = (text: string | Uint8Array): void => void bytes.push(Buffer.from(text))
  const terminal: Terminal = {
    write,
    writeError: (text) => (stderr += text),
    isTerminal: false,
    history: [],
    ask: (question) => {
      write(question)
      return Promise.resolve(lines.shift() ?? null)
    },
    onInterrupt: (handle) => {
      const timer = interruptAfter === null ? undefined : setTimeout(handle, interruptAfter)
      return () => clearTimeout(timer)
    },
  }
  return { terminal, said: () => ({ stdout: Buffer.concat(bytes).toString(), stderr }) }
}

/** A program in its own process: `command` is followed by the words. */
export function programClient([file, ...first]: readonly [string, ...string[]]): Client {
  return {
    run: ({ argv, stdin, cwd, interruptAfter }) =>
      new Promise((done) => {
        const child = execFile(file, [...first, ...argv], { cwd }, (error, stdout, stderr) => {
          clearTimeout(timer)
          done({ stdout, stderr, code: error === null ? 0 : Number(error.code ?? 1) })
        })
        const timer = interruptAfter === null ? undefined : setTimeout(() => child.kill('SIGINT'), interruptAfter)
        child.stdin?.end(stdin)
      }),
    close: () => Promise.resolve(),
  }
}
