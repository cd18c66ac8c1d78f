// `pidpiper install`: gives the binary the names of supervisord's programs, and systemd a unit. Looks at everything
// before it touches anything; what is not ours stays unless --force says otherwise.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import { exitCodes } from '../domain/exit-codes.ts'
import type { InstallFlags } from './arguments.ts'

export interface InstallWorld {
  /** Path of the binary. */
  readonly executable: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const names = ['pidpiper', 'supervisord', 'supervisorctl', 'echo_supervisord_conf', 'pidproxy'] as const

/** What will stand at a path. */
interface Piece {
  readonly path: string
  readonly wanted: { readonly link: string } | { readonly text: string }
}

type Found = 'nothing' | 'as wanted' | 'ours' | 'foreign'

/** Prints what it did, or with `dryRun` what it would do. @returns the exit code: 0, or 1 where something is in the way */
export function install(flags: InstallFlags, world: InstallWorld): number {
  try {
    return putAll(flags, world)
  } catch (error) {
    world.err(`pidpiper: cannot install: ${messageOf(error)}\n`)
    return exitCodes.failed
  }
}

/** Throws the system's error where a place cannot be looked at, or made. */
function putAll({ prefix, systemd, force, dryRun }: InstallFlags, { executable, out, err }: InstallWorld): number {
  const root = resolve(prefix ?? '/usr/local')
  const plan = piecesIn(root, resolve(executable), systemd).map((piece) => ({ ...piece, found: look(piece) }))
  const foreign = plan.filter(({ found }) => found === 'foreign')
  if (foreign.length > 0 && !force) {
    const paths = foreign.map(({ path }) => `  ${path}\n`).join('')
    err(`pidpiper: these are not pidpiper's, nothing was changed (--force replaces them):\n${paths}`)
    return exitCodes.failed
  }
  for (const piece of plan) {
    const { path, wanted, found } = piece
    const what = 'link' in wanted ? `${path} -> ${wanted.link}` : path
    if (found !== 'as wanted' && !dryRun) put(piece)
    if (found === 'as wanted') out(`unchanged  ${what}\n`)
    else out(`${dryRun ? 'would ' : ''}${found === 'nothing' ? 'create' : 'replace'}  ${what}\n`)
    if ('text' in wanted && dryRun) out(wanted.text.replace(/^/gm, '    ').trimEnd() + '\n')
  }
  if (systemd && !dryRun) out(`next: systemctl daemon-reload && systemctl enable --now supervisord\n`)
  return 0
}

function piecesIn(root: string, executable: string, systemd: boolean): Piece[] {
  const links = names
    .map((name) => ({ path: join(root, 'bin', name), wanted: { link: executable } }))
    .filter(({ path }) => path !== executable)
  // systemd looks in /usr/lib and /usr/local/lib alike.
  const unit = { path: join(root, 'lib/systemd/system/supervisord.service'), wanted: { text: unitText(root) } }
  return systemd ? [...links, unit] : links
}

function look({ path, wanted }: Piece): Found {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 'nothing'
  if ('link' in wanted) {
    if (!stat.isSymbolicLink()) return 'foreign'
    const target = readlinkSync(path)
    if (resolve(dirname(path), target) === wanted.link) return 'as wanted'
    return basename(target) === basename(wanted.link) ? 'ours' : 'foreign'
  }
  if (!stat.isFile()) return 'foreign'
  const text = readFileSync(path, 'utf8')
  if (text === wanted.text) return 'as wanted'
  return text.startsWith(mark) ? 'ours' : 'foreign'
}

/** Never half: under another name first, then in place. */
function put({ path, wanted }: Piece): void {
  makeFolder(dirname(path))
  const draft = `${path}.pidpiper-new`
  rmSync(draft, { force: true })
  if ('link' in wanted) symlinkSync(wanted.link, draft)
  else writeFileSync(draft, wanted.text, { flag: 'wx', mode: 0o644 })
  renameSync(draft, path)
}

/** Not `recursive`: Node tries that for ever where the file system makes no folders, as in /proc. */
function makeFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

const mark = '# Written by pidpiper install'

/** The file of the distribution, else the one of supervisord's own documentation. */
const configurations = ['/etc/supervisor/supervisord.conf', '/etc/supervisord.conf']

function unitText(root: string): string {
  const file = configurations.find((path) => existsSync(path)) ?? configurations[0] ?? ''
  return `${mark}; a change of yours goes to a drop-in: systemctl edit supervisord
[Unit]
Description=Supervisor of programs (pidpiper)
After=network.target

[Service]
ExecStart=${join(root, 'bin/supervisord')} -n -c ${file}
ExecReload=/bin/kill -HUP $MAINPID
# Programs are stopped by supervisord, each in its own time; what is left after it is killed.
KillMode=mixed
TimeoutStopSec=5min
Restart=on-failure
RestartSec=5s

[Install]
WantedBy=multi-user.target
`
}
