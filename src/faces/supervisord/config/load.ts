// The whole way from a path to a frozen configuration.
import { frozen } from '../../../domain/frozen.ts'
import type { Machine } from './machine.ts'
import type { FilesRead } from './files.ts'
import { environmentNames, readFiles } from './files.ts'
import type { GroupDraft } from './groups.ts'
import { readGroups } from './groups.ts'
import { dependencyEdges } from './dependencies.ts'
import { unknownKeys } from './known-keys.ts'
import { ctlPluginKey, readPlugins, rpcInterfaceKey } from './plugins.ts'
import type { ProcessDraft } from './program.ts'
import type { Book } from './section-reader.ts'
import { SectionReader, note } from './section-reader.ts'
import { readServers, serverUrlOf } from './servers.ts'
import { readSettings, settingsUser } from './settings.ts'
import type { GroupConfig, Notice, ProcessConfig, SupervisordConfig } from './types.ts'

export interface LoadOptions {
  /** The main file, as the user named it. */
  readonly file: string
  readonly machine: Machine
  /** What children inherit; by default the machine's environment. */
  readonly childEnvironment?: Readonly<Record<string, string>>
}

export interface LoadedFile {
  /** Null: there are problems. */
  readonly config: SupervisordConfig | null
  /** The first one is what supervisord would say and end with. */
  readonly problems: readonly Notice[]
  /** For the main log, in this order: warnings, then infos. */
  readonly warnings: readonly Notice[]
  readonly infos: readonly Notice[]
}

/**
 * Reads, checks and types a configuration; never throws for what a file says. All problems come at once.
 * (supervisord: ServerOptions.read_config and realize)
 */
export function loadSupervisordConfig({ file, machine, childEnvironment }: LoadOptions): LoadedFile {
  const files = readFiles(file, machine)
  const problems = [...files.problems]
  const warnings = [...files.warnings]
  const { infos } = files
  const section = files.document.sections.get('supervisord')
  if (problems.length > 0) return { config: null, problems, warnings, infos }
  if (section === undefined) {
    note(problems, '.ini file does not include supervisord section', null)
    return { config: null, problems, warnings, infos }
  }
  const { document, fileOfSection } = files
  const everywhere = environmentNames(machine)
  const book: Book = { document, machine, file, fileOfSection, everywhere, problems, warnings }
  const reader = new SectionReader(book, section, new Map([['here', '']]))
  const settings = readSettings(reader, machine)
  for (const [name, value] of Object.entries(settings.environment)) everywhere.set(`ENV_${name}`, value)
  const rpcInterfaces = readPlugins(book, 'rpcinterface:', rpcInterfaceKey)
  const drafts = readGroups(book, settings.environment)
  const servers = readServers(book)
  const ctlPlugins = readPlugins(book, 'ctlplugin:', ctlPluginKey)
  checkDependencies(book, drafts)
  checkCycles(book, drafts)
  const user = settingsUser(reader, settings, machine)
  warnings.push(...unknownKeys(document))
  if (problems.length > 0) return { config: null, problems, warnings, infos }
  const serverUrl = serverUrlOf(servers)
  const inherited = childEnvironment ?? machine.environment
  const groups = drafts.map((draft) => finishGroup(draft, inherited, serverUrl))
  const read = { ...pathsOf(files), settings: { ...settings, user }, servers, serverUrl, groups }
  return { config: frozen({ ...read, rpcInterfaces, ctlPlugins }), problems, warnings, infos }
}

const pathsOf = ({ file, includedFiles }: FilesRead): Pick<SupervisordConfig, 'file' | 'includedFiles'> => {
  return { file, includedFiles }
}

/** A dependency on nothing would never be ready. */
function checkDependencies(book: Book, groups: readonly GroupDraft[]): void {
  const processes = groups.flatMap((group) => group.processes)
  const names = new Set(groups.map(({ name }) => name))
  for (const { section, spec } of processes)
    names.add(section.slice(section.indexOf(':') + 1)).add(`${spec.group}:${spec.name}`)
  for (const { section, dependsOn } of processes) {
    for (const wanted of dependsOn.filter((name) => !names.has(name))) {
      const found = book.document.sections.get(section)?.values.get('depends_on')
      note(book.problems, `[${section}] depends_on names unknown program or group ${wanted}`, found?.place ?? null)
    }
  }
}

/** A dependency on oneself, over however many others, would never be ready. */
function checkCycles(book: Book, groups: readonly GroupDraft[]): void {
  const edges = dependencyEdges(groups)
  for (const start of edges.keys()) {
    const seen = new Set<string>()
    const waiting = [...(edges.get(start) ?? [])]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue
      seen.add(next)
      waiting.push(...(edges.get(next) ?? []))
    }
    if (seen.has(start)) note(book.problems, `depends_on of ${start} leads back to itself`, null)
  }
}

function finishGroup(draft: GroupDraft, inherited: Readonly<Record<string, string>>, url: string | null): GroupConfig {
  return { ...draft, processes: draft.processes.map((process) => finishProcess(process, inherited, url)) }
}

/** supervisord: Subprocess._spawn_as_child; what the configuration says wins. */
function finishProcess(
  draft: ProcessDraft,
  inherited: Readonly<Record<string, string>>,
  url: string | null,
): ProcessConfig {
  const serverUrl = draft.serverurl ?? url
  const environment = {
    ...inherited,
    SUPERVISOR_ENABLED: '1',
    ...(serverUrl === null || serverUrl === '' ? {} : { SUPERVISOR_SERVER_URL: serverUrl }),
    SUPERVISOR_PROCESS_NAME: draft.spec.name,
    SUPERVISOR_GROUP_NAME: draft.spec.group,
    ...draft.environment,
  }
  return { ...draft, spec: { ...draft.spec, environment } }
}
