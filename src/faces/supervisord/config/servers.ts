// `[unix_http_server]` and `[inet_http_server]`, with or without `:name`.
import { AgentError } from '../../../domain/errors.ts'
import { strip } from '../../../wire/ini/python-text.ts'
import { normalizePath, owner } from './paths.ts'
import type { Book } from './section-reader.ts'
import { SectionReader, noExpansions } from './section-reader.ts'
import type { HttpServerConfig } from './types.ts'
import { bad, inetAddress, octal } from './values.ts'

/** supervisord: ServerOptions.server_configs_from_parser. */
export function readServers(book: Book): HttpServerConfig[] {
  const sections = [...book.document.sections.values()]
  const readers = (start: string): SectionReader[] =>
    sections
      .filter(({ name }) => name.startsWith(start))
      .map((section) => new SectionReader(book, section, noExpansions))
  return [
    ...readers('inet_http_server').flatMap(readInetServer),
    ...readers('unix_http_server').flatMap((reader) => readUnixServer(reader, book)),
  ]
}

/** What AUTO means for a program's `serverurl` (supervisord: ServerOptions.realize). */
export function serverUrlOf(servers: readonly HttpServerConfig[]): string | null {
  const unix = servers.find((server) => server.family === 'unix')
  if (unix !== undefined) return `unix://${unix.file}`
  const inet = servers.find((server) => server.family === 'inet')
  return inet === undefined ? null : `http://${inet.host === '' ? 'localhost' : inet.host}:${inet.port}`
}

function readInetServer(reader: SectionReader): HttpServerConfig[] {
  const section = reader.section.name
  const credentials = readCredentials(reader)
  if (reader.find('port') === undefined) reader.problem(`section [${section}] has no port value`)
  const address = reader.read('port', null, inetAddress)
  return address === null ? [] : [{ family: 'inet', section, credentials, ...address }]
}

const privateMode = 0o700

function readUnixServer(reader: SectionReader, book: Book): HttpServerConfig[] {
  const section = reader.section.name
  const { machine } = book
  if (reader.find('file') === undefined) reader.problem(`section [${section}] has no file value`)
  const absolute = (text: string): string => normalizePath(strip(text), machine)
  const file = reader.read('file', null, absolute, new Map([['here', '']]))
  const credentials = readCredentials(reader)
  const chown = reader.read('chown', null, retold('Invalid sockchown value', owner(machine)))
  const chmod = reader.read('chmod', privateMode, retold('Invalid chmod value', octal))
  return file === null ? [] : [{ family: 'unix', section, credentials, file, chmod, chown }]
}

/** `convert`, but with one message for everything that is wrong. */
export const retold =
  <T>(message: string, convert: (text: string) => T) =>
  (text: string): T => {
    try {
      return convert(text)
    } catch (cause) {
      if (!(cause instanceof AgentError)) throw cause
      throw bad(`${message} ${text}`, cause)
    }
  }

function readCredentials(reader: SectionReader): HttpServerConfig['credentials'] {
  const username = reader.text('username', null)
  const password = reader.text('password', null)
  if (username !== null && password !== null) return { username, password }
  const given = reader.find('username') ?? reader.find('password')
  const isHalf = (reader.find('username') === undefined) !== (reader.find('password') === undefined)
  if (given !== undefined && isHalf) {
    reader.problem(
      `Section [${reader.section.name}] contains incomplete authentication: If a username or a password is specified, ` +
        'both the username and password must be specified',
      given.place,
    )
  }
  return null
}
