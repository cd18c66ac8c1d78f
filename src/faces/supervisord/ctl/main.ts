// supervisorctl: flags and file become a session; the words become one deed, or the shell takes over.
import { findConfigFile } from '../config/discovery.ts'
import type { Machine } from '../config/machine.ts'
import { normalizePath } from '../config/paths.ts'
import { defaultCtlSettings, loadCtlSettings, type CtlSettings } from '../config/supervisorctl.ts'
import { parseCtlArguments, type CtlFlags } from './arguments.ts'
import { usage } from './help.ts'
import { perform } from './perform.ts'
import { Session, type Unanswered } from './session.ts'
import { shell } from './shell.ts'
import { Interrupted, type Terminal } from './terminal.ts'
import { inPictures, watch } from './watch.ts'

const BAD_ARGUMENTS = 2
/** 128 + SIGINT, as a shell sees a program that Ctrl-C ended. */
const INTERRUPTED = 130

export interface CtlWorld {
  /** The name it was called by, for messages. */
  readonly program: string
  /** The path of the program: the configuration may lie near it. */
  readonly executable: string
  readonly machine: Machine
  readonly terminal: Terminal
  /** Who is asked where the command line names neither server nor file; null: whom the file that is found names. */
  readonly serverurl?: string | null
  /** What a person is told besides, where nobody of our protocol answers. */
  readonly unanswered?: Unanswered
}

/** @returns the exit code */
export async function supervisorctl(argv: readonly string[], world: CtlWorld): Promise<number> {
  const { program, executable, machine, terminal } = world
  const invocation = parseCtlArguments(argv)
  if (invocation.kind === 'help') {
    terminal.write(`${usage(program)}\n`)
    return 0
  }
  if (invocation.kind === 'usage') return refuse(world, [invocation.message])
  const { flags } = invocation
  const [action] = flags.words
  if (flags.watch !== null && action !== 'status') return refuse(world, ['--watch goes with the action status only'])
  if (flags.json && action === undefined) return refuse(world, ['--json needs an action'])
  const serverurl = flags.serverurl ?? world.serverurl ?? null
  const file = flags.configuration ?? (world.serverurl != null ? null : foundFile(executable, machine))
  const { settings, problems, warnings } = file === null ? unset(serverurl) : loadCtlSettings(file, machine)
  for (const { text } of warnings) terminal.writeError(`Warning: ${text}\n`)
  if (settings === null) {
    return refuse(
      world,
      problems.map(({ text }) => text),
    )
  }
  return act(flags, settings, world)
}

const unset = (serverurl: string | null): ReturnType<typeof loadCtlSettings> => ({
  settings: { ...defaultCtlSettings, ...(serverurl !== null && { serverurl }) },
  problems: [],
  warnings: [],
})

function foundFile(executable: string, machine: Machine): string | null {
  const found = findConfigFile(executable, machine)
  return 'file' in found ? found.file : null
}

function refuse({ program, terminal }: CtlWorld, problems: readonly string[]): number {
  terminal.writeError(`${problems.map((text) => `Error: ${text}\n`).join('')}For help, use ${program} -h\n`)
  return BAD_ARGUMENTS
}

async function act(flags: CtlFlags, settings: CtlSettings, world: CtlWorld): Promise<number> {
  const { machine, terminal, unanswered } = world
  const pictures = flags.watch === null ? null : inPictures(terminal)
  const session = new Session({
    target: {
      serverurl: flags.serverurl ?? settings.serverurl,
      username: flags.username ?? settings.username,
      password: flags.password ?? settings.password,
    },
    terminal: pictures ?? terminal,
    interactive: flags.interactive || flags.words.length === 0,
    json: flags.json,
    unanswered,
  })
  const line = flags.words.join(' ')
  try {
    if (flags.watch !== null && pictures !== null) await watch(session, line, flags.watch, () => pictures.show())
    else if (flags.words.length > 0) await perform(session, line)
    else {
      const historyFile = flags.historyFile === null ? settings.historyFile : normalizePath(flags.historyFile, machine)
      await shell(session, settings.prompt, historyFile)
      return 0
    }
    return session.exitStatus
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED
    throw error
  } finally {
    session.close()
  }
}
