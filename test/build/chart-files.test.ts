import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { chartFiles, chartFolder } from '../../scripts/chart/files.ts'
import type { Schema } from '../../scripts/chart/schema.ts'
import { installTools, parseYaml } from '../../scripts/chart/tools.ts'
import { variableList } from '../../src/config/variables.ts'
import { version } from '../../src/version.ts'
import { render } from './support/helm.ts'
import { workloadOf } from './support/workload.ts'

const skip = installTools() ?? false
const read = (name: string): string => readFileSync(`${chartFolder}/${name}`, 'utf8')
const schema = (): Schema => JSON.parse(read('values.schema.json')) as Schema

describe('files of the chart', { skip }, () => {
  it('are what node scripts/chart/generate.ts makes of the values and the table of variables', async () => {
    for (const { path, text } of await chartFiles()) assert.equal(readFileSync(path, 'utf8'), text)
  })

  it('describe every value, and know no other', () => {
    const [values] = parseYaml(read('values.yaml'))
    const undescribed = (parts: Readonly<Record<string, Schema>>, under: string): string[] =>
      Object.entries(parts).flatMap(([name, part]) => [
        ...((part.description ?? '') === '' && part['$ref'] === undefined ? [under + name] : []),
        ...undescribed(part.properties ?? {}, `${under}${name}.`),
      ])
    assert.deepEqual(undescribed(schema().properties ?? {}, ''), [])
    const known = Object.keys(schema().properties ?? {}).filter((name) => name !== 'global')
    assert.deepEqual(Object.keys(values as object).sort(), known.sort())
  })

  it('carry the version of the project', async () => {
    assert.match(read('Chart.yaml'), new RegExp(`^version: ${version}\nappVersion: "${version}"\n`, 'm'))
    assert.equal(workloadOf(await render({})).container.image, `pidpiper:${version}`)
  })

  it('mount what the table calls a file, and set the _FILE form of what may come from one', async () => {
    const names = Object.keys(schema().properties?.['secrets']?.properties ?? {})
    const paths = variableList.filter(([, { type }]) => type.label === 'path').map(([name]) => name as string)
    const files = names.filter((name) => paths.includes(name) || name.endsWith('_FILE'))
    const mountable = variableList.filter(([, { secrecy }]) => secrecy === 'value' || secrecy === 'credentials')
    const reference = { secretName: 's', key: 'k' }
    const secrets = Object.fromEntries([
      ...names.map((name) => [name, reference]),
      ...mountable.map(([name]) => [name, { ...reference, asFile: true }]),
    ]) as Record<string, unknown>
    const { container } = workloadOf(await render({ secrets }))
    const mounted = container.env.filter(({ value }) => value?.startsWith('/etc/pidpiper/secrets/'))
    const expected = [...files, ...mountable.map(([name]) => `${name}_FILE`)]
    assert.deepEqual(mounted.map(({ name }) => name).sort(), expected.sort())
  })
})
