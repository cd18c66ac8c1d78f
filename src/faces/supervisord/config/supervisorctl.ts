// `[supervisorctl]`: what the client reads of the same file.
import { resolve } from 'node:path'
import { environmentNames, readMainFile } from './files.ts'
import type { Machine } from './machine.ts'
import { normalizePath } from './paths.ts'
import { ctlPluginKey, readPlugins } from './plugins.ts'
import type { Book } from './section-reader.ts'
import { SectionReader, note } from './section-reader.ts'
import type { Notice } from './types.ts'

export interface CtlSettings {
  /** `http://host:port` or `unix:///path`. */
  readonly serverurl: string
  readonly username: string | null
  readonly password: string | null
  readonly prompt: string
  /** Absolute. */
  readonly historyFile: string | null
}

/** What holds without a file. */
export const defaultCtlSettings: CtlSettings = {
  serverurl: 'http://localhost:9001',
  username: null,
  password: null,
  prompt: 'supervisor',
  historyFile: null,
}

export interface LoadedCtl {
  /** Null: there are problems. */
  readonly settings: CtlSettings | null
  readonly problems: readonly Notice[]
  readonly warnings: readonly Notice[]
}

/** Reads the main file only: `[include]` is not for the client (supervisord: ClientOptions.read_config). */
export function loadCtlSettings(file: string, machine: Machine): LoadedCtl {
  const problems: Notice[] = []
  const warnings: Notice[] = []
  const document = readMainFile(file, resolve(machine.cwd, file), machine, problems)
  const section = document?.sections.get('supervisorctl')
  if (document !== null && section === undefined) {
    note(problems, '.ini file does not include supervisorctl section', null)
  }
  if (document === null || section === undefined) return { settings: null, problems, warnings }
  const everywhere = environmentNames(machine)
  const book: Book = { document, machine, file, fileOfSection: new Map(), everywhere, problems, warnings }
  const plain = new SectionReader(book, section, new Map())
  const placed = new SectionReader(book, section, new Map([['here', '']]))
  const path = (text: string): string | null => (text === '' ? null : normalizePath(text, machine))
  const settings = {
    serverurl: placed.read('serverurl', defaultCtlSettings.serverurl, (text) => absoluteUrl(text, machine)),
    prompt: plain.text('prompt', defaultCtlSettings.prompt),
    username: plain.text('username', null),
    password: plain.text('password', null),
    historyFile: placed.read('history_file', null, path),
  }
  readPlugins(book, 'ctlplugin:', ctlPluginKey)
  return { settings: problems.length === 0 ? settings : null, problems, warnings }
}

const absoluteUrl = (url: string, machine: Machine): string =>
  url.startsWith('unix://') ? `unix://${normalizePath(url.slice('unix://'.length), machine)}` : url
