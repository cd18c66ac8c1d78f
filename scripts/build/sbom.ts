// What the binary is made of, as CycloneDX: npm's own list of the packages, and the parts of Node.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { execa } from 'execa'
import { BuildError } from './step.ts'

interface Component {
  readonly 'bom-ref': string
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly [field: string]: unknown
}

interface Sbom {
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
  readonly [field: string]: unknown
}

/** Numbers of interfaces and of data, no parts that somebody makes and mends. */
const noParts: readonly string[] = ['node', 'modules', 'napi', 'cldr', 'tz', 'unicode']

/**
 * Writes the list to `file`. It holds nothing of the moment and of the folder, so that the same sources give the same
 * bytes. Raises BuildError where npm gives no list, or one that lacks a package.
 * @param inputs paths of the sources that were bundled, from the project's folder
 */
export async function writeSbom(binary: string, inputs: readonly string[], file: string): Promise<string> {
  const given = await packages()
  const inside = await bundled(inputs)
  const parts = given.components.filter(({ name, version }) => inside.delete(`${name}@${version}`))
  if (inside.size > 0) {
    throw new BuildError(`cannot find ${[...inside].join(', ')} in the list of \`npm sbom\``, 'run `npm ci`')
  }
  const refs = new Set([given.metadata.component, ...parts].map((component) => component['bom-ref']))
  const sha256 = createHash('sha256')
    .update(await readFile(binary))
    .digest('hex')
  const hashes = [{ alg: 'SHA-256', content: sha256 }]
  const sbom = {
    ...given,
    // New at each call, as the time is.
    serialNumber: undefined,
    metadata: {
      ...given.metadata,
      timestamp: undefined,
      // npm names it after the folder.
      component: { ...given.metadata.component, type: 'application', name: 'pidpiper', hashes },
    },
    components: [...parts, node()],
    dependencies: given.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => refs.has(on)) })),
  }
  await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`)
  return `${parts.length} packages and Node`
}

/** All of them: with `--omit dev` npm leaves out what a development package needs, too. */
async function packages(): Promise<Sbom> {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  try {
    return JSON.parse((await execa('npm', words)).stdout) as Sbom
  } catch (cause) {
    throw new BuildError('cannot list the packages with `npm sbom`', 'install an npm from 10 on', { cause })
  }
}

/** `name@version` of every package that a source comes from, and of the native part. */
async function bundled(inputs: readonly string[]): Promise<Set<string>> {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  const native = `node_modules/@koromix/koffi-linux-${process.arch}`
  const all = await Promise.all(
    [...new Set([...folders, native])].map(async (folder) => {
      const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as Component
      return `${name}@${version}`
    }),
  )
  return new Set(all)
}

function node(): Component {
  const parts = Object.entries(process.versions).filter(([name, version]) => version && !noParts.includes(name))
  return {
    ...generic('node', process.versions.node),
    type: 'platform',
    cpe: `cpe:2.3:a:nodejs:node.js:${process.versions.node}:*:*:*:*:*:*:*`,
    licenses: [{ license: { id: 'MIT' } }],
    components: parts.map(([name, version = '']) => generic(name, version)),
  }
}

const generic = (name: string, version: string): Component => ({
  'bom-ref': `node/${name}@${version}`,
  type: 'library',
  name,
  version,
  purl: `pkg:generic/${name}@${version}`,
})
