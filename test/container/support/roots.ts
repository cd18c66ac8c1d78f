// Root folders that stand in for the images which the Dockerfiles start from, kept between test runs as tar files.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { must } from './command.ts'

const home = process.env['TESTBED_HOME'] ?? join(homedir(), '.cache', 'pidpiper-testbed')
const folder = join(home, 'container-roots-bookworm-1')

/** Package lists, and the mark that keeps pip out of Debian's Python: the images that are stood in for have neither. */
const leftOut = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './usr/lib/python3*/EXTERNALLY-MANAGED']

/** The tar file of a minimal Debian with `packages` added; made in about 40 s, then found. */
export async function debianRoot(name: string, packages: readonly string[]): Promise<string> {
  const tar = join(folder, `${name}.tar`)
  if (existsSync(tar)) return tar
  await mkdir(join(folder, 'packages'), { recursive: true })
  const work = await mkdtemp(join(folder, `${name}-`))
  try {
    const root = join(work, 'root')
    const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : []
    const cache = `--cache-dir=${join(folder, 'packages')}`
    await must('debootstrap', [cache, '--variant=minbase', ...include, 'bookworm', root])
    const exclude = leftOut.map((path) => `--exclude=${path}`)
    await must('tar', ['-C', root, ...exclude, '-cf', join(work, 'root.tar'), '.'])
    await rename(join(work, 'root.tar'), tar)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return tar
}
