// A root folder in which the guide's paths exist as they are printed, with stubs for its programs; the agent is installed
// in it under supervisord's names and runs in a mount namespace of its own.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { run, type Outcome } from '../../container/support/command.ts'
import { tempDir } from '../../support/temp.ts'
import { waitFor } from '../../support/wait-for.ts'

export const guide = (name: string): string => readFileSync(resolve(import.meta.dirname, '../guide', name), 'utf8')

/** Why it cannot be done here; false: it can. */
export function whyNot(): string | false {
  if (process.env['TEST_BINARY'] === undefined) return 'it needs the binary, which node test/run.ts builds'
  const made = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'])
  return made.status === 0 ? false : 'it needs to mount in a namespace of its own: root, or CAP_SYS_ADMIN'
}

const folders = [
  ...['usr/bin', 'usr/lib', 'usr/lib64', 'opt/pidpiper', 'proc', 'dev', 'tmp', 'var/run', 'var/log/supervisor'],
  ...['etc/supervisor/conf.d', 'path/to/rocketmap', 'path/for/log', 'opt/rocketmap/scanners/areaXY', 'opt/pgpool'],
  'opt/pgtools/devkat',
]
const tools = ['sh', 'sleep', 'env']

/** Says what it was given, and stays. */
const stub = '#!/bin/sh\nfor word in "$0" "$@"; do echo "<$word>"; done\necho "in $PWD" >&2\nexec sleep 1000\n'

/** Runs in the namespace, in the root's parent; `$0` is the folder of the binary. */
const setUp = `set -e
mount --bind /usr/lib root/usr/lib
[ ! -d /usr/lib64 ] || mount --bind /usr/lib64 root/usr/lib64
mount --bind "$0" root/opt/pidpiper
mount --rbind /proc root/proc
mount --rbind /dev root/dev
chroot root /opt/pidpiper/pidpiper install --prefix /usr >&2
exec chroot root /usr/bin/supervisord -n
`

/** Certificates of the machine are not in the root, and Node would say so on stderr. */
const insideEnv = { PATH: '/usr/bin:/bin', NODE_EXTRA_CA_CERTS: undefined }

export interface GuideRoot {
  /** In the root. */
  write(path: string, text: string): void
  read(path: string): string
  remove(path: string): void
  /** Absolute, seen from outside. */
  path(path: string): string
  supervisorctl(...words: string[]): Promise<Outcome>
}

export async function startInGuideRoot(t: TestContext): Promise<GuideRoot> {
  const parent = tempDir(t)
  const path = (inside: string): string => join(parent, 'root', inside)
  const write = (inside: string, text: string): void => writeFileSync(path(inside), text)
  for (const folder of folders) mkdirSync(path(folder), { recursive: true })
  for (const tool of tools) copyFileSync(`/bin/${tool}`, path(`usr/bin/${tool}`))
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path(name))
  for (const name of ['python', 'node']) writeFileSync(path(`usr/bin/${name}`), stub, { mode: 0o755 })
  write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\n')
  write('etc/group', 'root:x:0:\nwww-data:x:33:\n')
  write('etc/supervisor/supervisord.conf', guide('supervisord.conf'))

  const binary = dirname(process.env['TEST_BINARY'] ?? '')
  const child = spawn('unshare', ['--mount', 'sh', '-c', setUp, binary], {
    cwd: parent,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  // util-linux execs all the way: this pid is supervisord.
  const inside = ['--target', String(child.pid), '--mount', '--root', 'env', '--chdir=/']
  const supervisorctl = (...words: string[]): Promise<Outcome> =>
    run('nsenter', [...inside, 'supervisorctl', ...words], { env: insideEnv })
  await waitFor(`the daemon answers`, async () => {
    if (child.exitCode !== null) throw new Error(said)
    const { status, stdout, stderr } = await supervisorctl('pid')
    if (status !== 0) throw new Error(`${stdout}${stderr}${said}`)
    return true
  })
  return {
    write,
    read: (inside) => readFileSync(path(inside), 'utf8'),
    remove: (inside) => rmSync(path(inside)),
    path,
    supervisorctl,
  }
}
