// The arrows of the layout, read from the import lines.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const edge = ['domain', 'engine', 'wire']

/** What the files of a part may import, besides their own part; `*` is everything. */
const arrows: Record<string, readonly string[]> = {
  domain: [],
  wire: ['domain'],
  engine: ['wire', 'domain'],
  os: edge,
  kafka: edge,
  local: edge,
  consul: edge,
  http: edge,
  faces: edge,
  config: edge,
  log: edge,
  // Commands are handed what they speak of; the agent reads the configuration and calls them.
  cli: edge,
  version: [],
  agent: ['*'],
  main: ['*'],
}

/** The part a file of src belongs to: its folder, or its own name at the top. */
const partOf = (file: string): string => (file.split('/')[1] ?? '').replace(/\.ts$/, '')

/** Wrong imports of one file, as sentences. `file` is `src/…`. */
function wrongImports(file: string, text: string): string[] {
  const part = partOf(file)
  const allowed = arrows[part]
  if (allowed === undefined) return [`${file}: the part ${part} has no arrows in this test`]
  const imports = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g)]
    .concat(
      [...text.matchAll(/(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g)],
      [...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g)],
    )
    .map((match) => match[1] ?? '')
  return imports.flatMap((name) => {
    if (!name.startsWith('.')) return part === 'domain' ? [`${file}: domain imports ${name}`] : []
    const target = join(dirname(file), name)
    if (!target.startsWith('src/')) return target === 'package.json' ? [] : [`${file}: imports ${target}, outside src`]
    const to = partOf(target)
    return to === part || allowed.includes(to) || allowed.includes('*')
      ? []
      : [`${file}: ${part} imports ${to} (${name})`]
  })
}

const sources = globSync('src/**/*.{ts,mts,js}', { cwd: root }).map((file) => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
}))

test('imports follow the arrows main → agent → edges → engine, wire → domain', () => {
  assert.ok(sources.length > 0)
  assert.deepEqual(
    sources.flatMap(({ file, text }) => wrongImports(file, text)),
    [],
  )
})

test('no file has more than 300 lines, no folder is a drawer', () => {
  assert.deepEqual(
    sources.filter(({ text }) => text.split('\n').length > 301).map(({ file }) => file),
    [],
  )
  const drawer = /(^|\/)(utils?|helpers?|common|services|adapters)(\/|\.ts$)/
  assert.deepEqual(
    globSync('{src,test}/**', { cwd: root }).filter((path) => drawer.test(path)),
    [],
  )
})

const made = (file: string, line: string): number => wrongImports(file, `// x\n${line}\n`).length

test('the test itself sees a wrong arrow in every form of import', () => {
  assert.equal(made('src/domain/a.ts', "import { readFileSync } from 'node:fs'"), 1)
  assert.equal(made('src/domain/stream/a.ts', "import type { X } from '../../engine/ports.ts'"), 1)
  assert.equal(made('src/engine/a.ts', "export { x } from '../os/spawn.ts'"), 1)
  assert.equal(made('src/kafka/a.ts', "import {\n  x,\n} from '../consul/client.ts'"), 1)
  assert.equal(made('src/kafka/a.ts', "import '../log.ts'"), 1)
  assert.equal(made('src/os/a.ts', "const x = await import('../http/server.ts')"), 1)
  assert.equal(made('src/tools/a.ts', "import 'node:fs'"), 1)
  assert.equal(made('src/engine/a.ts', "import { x } from '../../test/support/x.ts'"), 1)
  assert.equal(made('src/agent.ts', "import { x } from './os/spawn.ts'"), 0)
  assert.equal(made('src/cli/a.ts', "import { x } from '../config/parse.ts'"), 1)
  assert.equal(made('src/version.ts', "import manifest from '../package.json' with { type: 'json' }"), 0)
  assert.equal(made('src/engine/a.ts', "import { x } from '../wire/ini.ts'\nimport { y } from './ports.ts'"), 0)
})
