// `supervisord` and `pidpiper -c`: from the command line to the exit code.
import process from 'node:process'
import { AgentError } from '../../domain/errors.ts'
import { findConfigFile } from '../../faces/supervisord/config/discovery.ts'
import { loadSupervisordConfig, type LoadedFile } from '../../faces/supervisord/config/load.ts'
import type { SupervisordConfig } from '../../faces/supervisord/config/types.ts'
import {
  readCommandLine,
  supervisordHelp,
  withCommandLine,
  type CommandLine,
} from '../../faces/supervisord/command-line.ts'
import { SUPERVISOR_VERSION } from '../../faces/supervisord/versions.ts'
import { daemonCopy, startCopy } from '../../os/daemonise.ts'
import { releaseSignals, signalsHeard } from '../../os/signals.ts'
import { besideCalculator } from './beside-calculator.ts'
import type { CompanionParts } from './companion.ts'
import { DaemonHost } from './daemon-host.ts'
import { supervisordMachine } from './machine.ts'

const START_FAILED = 2

export interface Called {
  /** As it is told in messages. */
  readonly program: string
  /** Where the search for the configuration begins. */
  readonly executable: string
}

const out = (text: string): boolean => process.stdout.write(text)
const err = (text: string): boolean => process.stderr.write(text)

/** @returns the exit code: 0 for every stop, 2 for every start that failed */
export async function supervisord(
  argv: readonly string[],
  { program, executable }: Called,
  companion: CompanionParts | null = null,
): Promise<number> {
  const copy = daemonCopy()
  const tell = copy === null ? err : (text: string): void => copy.problem(text)
  const refuse = (message: string): number => {
    tell(`Error: ${message}\nFor help, use ${program} -h\n`)
    return START_FAILED
  }
  const machine = supervisordMachine()
  const line = readCommandLine(argv, machine)
  switch (line.kind) {
    case 'help':
      out(supervisordHelp(program))
      return 0
    case 'version':
      out(`${SUPERVISOR_VERSION}\n`)
      return 0
    case 'problem':
      return refuse(line.problem)
    case 'run':
  }
  const found = line.file === null ? findConfigFile(executable, machine) : { file: line.file }
  if ('problem' in found) return refuse(found.problem)
  if (line.file === null && machine.uid === 0) tell(searchingAsRoot)
  // A Calculator's secrets are nobody else's.
  const childEnvironment = companion?.childEnvironment ?? machine.environment
  const load = (): LoadedFile => {
    const loaded = overlaid(loadSupervisordConfig({ file: found.file, machine, childEnvironment }), line, machine)
    return companion === null ? loaded : besideCalculator(loaded, companion.group)
  }
  const loaded = load()
  if (loaded.config === null) return refuse(loaded.problems[0]?.text ?? 'the configuration is wrong')
  const isBackground = !loaded.config.settings.nodaemon && process.pid !== 1 && companion === null
  if (isBackground && copy === null) {
    await signalsHeard()
    releaseSignals()
    return startCopy(err)
  }
  const host = new DaemonHost({ load, machine, isBackground, ready: () => copy?.ready(), companion })
  try {
    return await host.run(loaded, loaded.config)
  } catch (error) {
    if (error instanceof AgentError) return refuse(error.subject)
    throw error
  }
}

const searchingAsRoot =
  'Supervisord is running as root and it is searching for its configuration file in default locations (including its ' +
  'current working directory); you probably want to specify a "-c" argument specifying an absolute path to a ' +
  'configuration file for improved security.\n'

function overlaid(
  loaded: LoadedFile,
  line: Extract<CommandLine, { kind: 'run' }>,
  machine: Parameters<typeof withCommandLine>[2],
): LoadedFile {
  if (loaded.config === null) return loaded
  try {
    const config: SupervisordConfig = {
      ...loaded.config,
      settings: withCommandLine(loaded.config.settings, line, machine),
    }
    return { ...loaded, config }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    return { ...loaded, config: null, problems: [{ text: error.subject, place: null }] }
  }
}
