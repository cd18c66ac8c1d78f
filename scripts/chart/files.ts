import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readme } from './readme.ts'
import { schemaFrom, type Schema } from './schema.ts'
import { parseYaml, project } from './tools.ts'

export const chartFolder = join(project, 'charts', 'pidpiper')

/** The files of the chart that are made from its values and from the table of variables, as they should be. */
export async function chartFiles(): Promise<{ path: string; text: string }[]> {
  const at = (name: string): string => join(chartFolder, name)
  const schema = await schemaFrom(readFileSync(at('values.schema.json'), 'utf8'))
  const [values] = parseYaml(readFileSync(at('values.yaml'), 'utf8'))
  return [
    { path: at('values.schema.json'), text: schema },
    { path: at('README.md'), text: readme(JSON.parse(schema) as Schema, values) },
  ]
}
