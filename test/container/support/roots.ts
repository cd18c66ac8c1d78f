// Root folders that stand in for the images which the Dockerfiles start from, kept between test runs as tar files.
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { must } from './command.ts'
import { orphanedFolders, passingFolder, removeFolder } from './passing-folder.ts'

const home = process.env['TESTBED_HOME'] ?? join(homedir(), '.cache', 'pidpiper-testbed')
const folder = join(home, 'container-roots-bookworm-1')

/** Package lists, and the mark that keeps pip out of Debian's Python: the images that are stood in for have neither. */
const leftOut = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './usr/lib/python3*/EXTERNALLY-MANAGED']

/** What an answer of a registry that cannot be reached looks like, from apt, npm or debootstrap. */
export const unreachable =
  /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|Could not (resolve|connect)|Temporary failure|Couldn't download|Failed to fetch|no longer has a Release|does not have a Release/

/** The tar file of a minimal Debian with `packages` added; made in about 40 s, then found. */
export const debianRoot = (name: string, packages: readonly string[]): Promise<string> =>
  keptRoot(name, async (root) => {
    await mkdir(join(folder, 'packages'), { recursive: true })
    const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : []
    const cache = `--cache-dir=${join(folder, 'packages')}`
    await must('debootstrap', [cache, '--variant=minbase', ...include, 'bookworm', root])
  })

/**
 * The tar file of what `packages` of a Debian release hold, and of nothing else: they are not configured, and what they
 * depend on is not there. Made in about 5 s, then found. Needs apt, and no rights.
 */
export const unpackedRoot = (release: string, packages: readonly string[]): Promise<string> =>
  keptRoot(release, async (root, work) => {
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
    const known = await must('apt-get', ['indextargets', '--format', '$(REPO_URI)'])
    const mirror = known.split('\n').find((uri) => /\/debian\/?$/.test(uri))
    if (mirror === undefined) throw new Error('Failed to fetch: apt knows no mirror of Debian')
    await writeFile(join(work, 'sources'), `deb [signed-by=${keys}] ${mirror} ${release} main\n`)
    await writeFile(join(work, 'status'), '')
    for (const path of ['state/lists/partial', 'cache/archives/partial'])
      await mkdir(join(work, path), { recursive: true })
    const places = [
      'Etc::SourceList=sources',
      'Etc::SourceParts=-',
      'State=state',
      'State::status=status',
      'Cache=cache',
    ]
    const settings = [
      ...places.map((place) => `Dir::${place.replace('=', `=${work}/`)}`),
      ...['APT::Sandbox::User=', 'APT::Update::Error-Mode=any', 'Acquire::Languages=none'],
    ].flatMap((setting) => ['-o', setting])
    await must('apt-get', [...settings, 'update'])
    await must('apt-get', [...settings, 'download', ...packages], { cwd: work })
    const archives = (await readdir(work)).filter((name) => name.endsWith('.deb'))
    for (const archive of archives) await must('dpkg-deb', ['--extract', join(work, archive), root])
  })

async function keptRoot(name: string, make: (root: string, work: string) => Promise<void>): Promise<string> {
  const tar = join(folder, `${name}.tar`)
  if (existsSync(tar)) return tar
  await mkdir(folder, { recursive: true })
  for (const orphan of await orphanedFolders(folder, name)) await removeFolder(orphan)
  const work = await passingFolder(folder, name)
  try {
    const root = join(work, 'root')
    await make(root, work)
    const exclude = leftOut.map((path) => `--exclude=${path}`)
    await must('tar', ['-C', root, ...exclude, '-cf', join(work, 'root.tar'), '.'])
    await rename(join(work, 'root.tar'), tar)
  } finally {
    await removeFolder(work)
  }
  return tar
}
