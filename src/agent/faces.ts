// The tools of other systems that the program is under another name; each gets its piece of the world here.
import process from 'node:process'
import type { Face } from '../cli/arguments.ts'
import { noAgentText, noControlText } from '../cli/no-agent.ts'
import { AgentError } from '../domain/errors.ts'
import { supervisorctl } from '../faces/supervisord/ctl/main.ts'
import type { Unanswered } from '../faces/supervisord/ctl/session.ts'
import { NodeTerminal } from '../faces/supervisord/ctl/node-terminal.ts'
import { sampleConfiguration } from '../faces/supervisord/echo-conf.ts'
import { pidproxy } from '../faces/supervisord/pidproxy.ts'
import { findCommand } from '../os/find-command.ts'
import { loadLibc } from '../os/libc.ts'
import { hearSigusr1 } from '../os/signals.ts'
import { whomToAsk } from './control/socket-place.ts'
import { supervisordMachine } from './supervisord/machine.ts'
import { supervisord } from './supervisord/start.ts'

/** @returns the exit code */
export async function runFace(face: Face, name: string, argv: readonly string[]): Promise<number> {
  switch (face) {
    case 'supervisord':
      return supervisord(argv, called(name))
    case 'supervisorctl':
      return supervisorctl(argv, {
        ...called(name),
        ...(name === OUR_CTL && ourControl()),
        machine: supervisordMachine(workingFolder()),
        terminal: new NodeTerminal({
          stdin: process.stdin,
          stdout: process.stdout,
          stderr: process.stderr,
          onSigint: (handle) => listen('SIGINT', handle),
        }),
      })
    case 'echo_supervisord_conf':
      process.stdout.write(sampleConfiguration)
      return 0
    case 'pidproxy': {
      const code = pidproxy(argv, {
        program: called(name).program,
        write: (text) => void process.stdout.write(text),
        listen,
        kill: (pid, signal) => void process.kill(pid, signal),
      })
      const libc = loadLibc()
      if ('missing' in libc) process.stderr.write(`pidproxy: SIGUSR1 cannot be passed on: ${libc.missing}\n`)
      else hearSigusr1(libc)
      return code
    }
  }
}

/** Under this name it looks for an agent on this machine first. */
const OUR_CTL = 'ctl'

function ourControl(): { serverurl: string | null; unanswered: Unanswered } {
  const asked = whomToAsk(process.env['CONTROL_SOCKET'])
  return {
    serverurl: asked.serverurl,
    unanswered: (url, isHttp) => (isHttp ? noControlText(url) : noAgentText(url, asked)),
  }
}

/** @returns gives the signal back */
function listen(signal: NodeJS.Signals, handle: () => void): () => void {
  process.on(signal, handle)
  return () => process.off(signal, handle)
}

/** A client has to work in a folder that was deployed away under its feet, too. */
function workingFolder(): string {
  try {
    return process.cwd()
  } catch {
    return '/'
  }
}

/** Python's sys.argv[0] is a path also where the shell found the program in PATH; `pidpiper ctl` is one program of two words. */
function called(name: string): { program: string; executable: string } {
  const { argv0 } = process
  if (!argv0.endsWith(name)) return { program: `${argv0} ${name}`, executable: argv0 }
  try {
    const path = findCommand(argv0, undefined, {})
    return { program: path, executable: path }
  } catch (error) {
    if (error instanceof AgentError) return { program: argv0, executable: argv0 }
    throw error
  }
}
