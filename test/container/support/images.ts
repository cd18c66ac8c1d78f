import { copyFile, mkdir, realpath, symlink, writeFile, cp } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { debianRoot, unreachable } from './roots.ts'
import type { Store } from './store.ts'

const project = join(import.meta.dirname, '..', '..', '..')
const debian = 'docker.io/library/debian:bookworm-slim'
const tools = ['buildah', 'podman', 'runc', 'debootstrap']

/** Why container tests cannot run on this machine, in one line; null when they can. */
export function obstacle(): string | null {
  if (process.platform !== 'linux') return 'containers need Linux'
  if (process.getuid?.() !== 0) return 'containers are built as root here, and this is not root'
  const missing = tools.filter((tool) => find(tool) === null)
  if (missing.length > 0) {
    return `no ${missing.join(', ')}: apt-get install -y --no-install-recommends ${missing.join(' ')}`
  }
  return find('npm') === null ? 'no npm in PATH to put into the builder image' : null
}

/** What a kernel answers that lets nobody make namespaces, mounts or control groups. */
const forbidden = /operation not permitted|permission denied|read-only file system|not supported over overlayfs/i

/** Fills the store with every image that is tested. Why that cannot be done on this machine, in one line; else null. */
export async function makeImages(store: Store): Promise<string | null> {
  try {
    const why = await refusal(store)
    if (why !== null) return `podman cannot run a container here: ${why}`
    await importBases(store)
    await buildImages(store)
    await buildBareImage(store)
    return null
  } catch (error) {
    if (!(error instanceof Error && unreachable.test(error.message))) throw error
    return `no registry of packages can be reached from a container build: ${error.message.split('\n')[0] ?? ''}`
  }
}

/** What forbids this machine to run a container of Debian alone, in podman's last line; null when one runs. */
async function refusal(store: Store): Promise<string | null> {
  const tar = await debianRoot('debian', [])
  for (const words of [
    ['import', '--quiet', tar, debian],
    [...store.runWords('probe'), debian, 'true'],
  ]) {
    const { status, stderr } = await store.podman(words)
    if (status === 0) continue
    if (forbidden.test(stderr)) return stderr.trim().split('\n').at(-1) ?? ''
    throw new Error(`cannot podman ${words.join(' ')}: ${stderr}`)
  }
  return null
}

/** Puts stand-ins for the other images of the FROM lines into the store. */
async function importBases(store: Store): Promise<void> {
  await store.import(await debianRoot('python', ['python3', 'python3-pip']), 'docker.io/library/python:3.7')
  await store.podman(['tag', 'docker.io/library/python:3.7', 'docker.io/library/python:3.12-slim'])
  const context = join(store.folder, 'node')
  await mkdir(join(context, 'bin'), { recursive: true })
  const npmCli = await realpath(find('npm') ?? '')
  await cp(dirname(dirname(npmCli)), join(context, 'lib', 'node_modules', 'npm'), { recursive: true })
  await copyFile(process.execPath, join(context, 'bin', 'node'))
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(context, 'bin', 'npm'))
  await writeFile(
    join(context, 'Dockerfile'),
    'FROM debian:bookworm-slim\nCOPY bin /usr/local/bin/\nCOPY lib /usr/local/lib/\n',
  )
  await store.build('docker.io/library/node:24-bookworm-slim', [context])
}

/** Builds the project's image and the manual's, as examples/README.md says. */
async function buildImages(store: Store): Promise<void> {
  await store.build('docker.io/library/pidpiper', [...(await hostAccess(store)), project])
  await store.build('localhost/manual', [join(project, 'examples', 'manual')])
}

/**
 * Builds an image of nothing but the binary and what it needs, as `distroless/cc` is: no shell, no other program. The
 * Calculator of its tests is the agent itself, which prints its version.
 */
async function buildBareImage(store: Store): Promise<void> {
  const context = join(store.folder, 'bare')
  await mkdir(context)
  const libraries = ['libc', 'libm', 'libdl', 'libpthread', 'librt', 'libgcc_s', 'libstdc++']
  const lines = [
    'FROM scratch',
    'COPY --from=pidpiper /usr/lib/*-linux-gnu/ld-linux-*.so* /lib64/',
    'COPY --from=pidpiper /usr/lib/*-linux-gnu/ld-linux-*.so* /lib/',
    ...libraries.map((name) => `COPY --from=pidpiper /usr/lib/*-linux-gnu/${name}.so* /lib/`),
    'COPY --from=pidpiper /opt/pidpiper /opt/koffi.node /opt/',
    'ENV LD_LIBRARY_PATH=/lib',
    'USER 1000:1000',
    'ENTRYPOINT ["/opt/pidpiper"]',
  ]
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  await store.build('localhost/bare', [context])
}

/** Lets npm inside a build reach the registry the way the host does: its npmrc and its certificates, mounted only. */
async function hostAccess(store: Store): Promise<string[]> {
  const settings = [join(homedir(), '.npmrc')]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
  const authority = process.env['NODE_EXTRA_CA_CERTS'] ?? process.env['SSL_CERT_FILE']
  const volumes: string[] = []
  if (authority !== undefined && existsSync(authority)) {
    settings.push('cafile=/run/host-authority.crt')
    volumes.push('--volume', `${authority}:/run/host-authority.crt:ro`)
  }
  const npmrc = join(store.folder, 'npmrc')
  await writeFile(npmrc, settings.join('\n'), { mode: 0o600 })
  return [...volumes, '--volume', `${npmrc}:/root/.npmrc:ro`]
}

function find(tool: string): string | null {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((place) => join(place, tool))
  return places.find((file) => existsSync(file)) ?? null
}
