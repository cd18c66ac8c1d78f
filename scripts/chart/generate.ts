// node scripts/chart/generate.ts: writes the schema and the README of the chart, after a change of its values or of the
// table of variables.
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { chartFiles } from './files.ts'
import { installTools } from './tools.ts'

const obstacle = installTools()
if (obstacle === null) {
  for (const { path, text } of await chartFiles()) writeFileSync(path, text)
} else {
  process.stderr.write(`cannot read the chart's values: ${obstacle}\n`)
  process.exitCode = 69
}
