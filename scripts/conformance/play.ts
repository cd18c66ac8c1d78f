// Plays the script on one daemon with one client, and keeps what the client said.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asProcesses } from '../../src/faces/supervisord/ctl/answers.ts'
import { RpcFault } from '../../src/faces/supervisord/ctl/faults.ts'
import { makeNamespec } from '../../src/faces/supervisord/namespec.ts'
import type { Client, Output } from './clients.ts'
import { startDaemon, type Daemon, type DaemonCommand } from './daemon.ts'
import { normalise, sortLines } from './normalise.ts'
import { readScript, type Step } from './read-script.ts'

export interface Entry extends Output {
  /** The line of the script. */
  readonly line: string
}

const PATIENCE_MS = 20_000

export const script = (): Step[] => readScript(readFileSync(resolve(import.meta.dirname, 'script.txt'), 'utf8'))

/** One entry for each command; ends the daemon. */
export async function play(
  command: DaemonCommand,
  client: Client,
  steps: readonly Step[] = script(),
): Promise<Entry[]> {
  const daemon = await startDaemon(command)
  const entries: Entry[] = []
  try {
    for (const step of steps) {
      const entry = await perform(step, daemon, client)
      if (entry !== null) entries.push(entry)
    }
    return entries
  } finally {
    await client.close()
    await daemon.stop()
  }
}

async function perform(step: Step, daemon: Daemon, client: Client): Promise<Entry | null> {
  const { folder, port } = daemon
  const atPort = (word: string): string => word.replace('127.0.0.1:PORT', `127.0.0.1:${port}`)
  switch (step.kind) {
    case 'command':
    case 'shell': {
      const how = step.kind === 'command' ? step.how : null
      const words = step.kind === 'command' ? step.words : []
      const output = await client.run({
        argv: [...(how?.bare === true ? [] : ['-c', 'supervisord.conf']), ...words.map(atPort)],
        stdin: step.kind === 'shell' ? step.typed.map((line) => `${line}\n`).join('') : '',
        cwd: folder,
        interruptAfter: how?.interruptAfter ?? null,
      })
      const read = (text: string): string => {
        if (how?.codeOnly === true) return ''
        const all = normalise(text, folder).replaceAll(`127.0.0.1:${port}`, '127.0.0.1:PORT')
        const plain = how?.firstLine === true ? (all.split('\n')[0] ?? '') : all
        return how?.sorted === true ? sortLines(plain) : plain
      }
      return { line: step.line, stdout: read(output.stdout), stderr: read(output.stderr), code: output.code }
    }
    case 'wait':
      return waitFor(step.name, step.state, daemon)
    case 'call':
      await quietly(
        daemon.server.call(
          `supervisor.${step.method}`,
          step.words.map((word) => (word === 'false' ? false : word)),
        ),
      )
      return null
    case 'file':
      mkdirSync(dirname(join(folder, step.path)), { recursive: true })
      writeFileSync(join(folder, step.path), step.text)
      return null
    case 'remove':
      rmSync(join(folder, step.path))
      return null
  }
}

/** A start that fails at once is told by a fault or not, as it happens; what follows looks at the state. */
async function quietly(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
  }
}

/** An entry only where it did not come to pass: so that the script goes on, and the comparison shows it. */
async function waitFor(name: string, state: string, { server }: Daemon): Promise<Entry | null> {
  const end = performance.now() + PATIENCE_MS
  let seen = 'nothing'
  while (performance.now() < end) {
    try {
      const infos = asProcesses(await server.call('supervisor.getAllProcessInfo', []))
      seen = infos.find((info) => makeNamespec(info.group, info.name) === name)?.statename ?? 'nothing'
      if (seen === state) return null
    } catch (error) {
      // Between two lives of the daemon nobody answers.
      seen = String(error)
    }
    await pause(30)
  }
  return { line: `wait ${name} ${state}`, stdout: `still ${seen}`, stderr: '', code: -1 }
}
