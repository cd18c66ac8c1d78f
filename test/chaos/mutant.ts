// An agent that loses records, made from a copy of the sources: proof that the verdict can turn red.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'

const root = join(import.meta.dirname, '../..')
const LEDGER = 'domain/stream/offset-ledger.ts'
/** Law 1 of the ledger broken: the first unsettled record is committed too. */
const RIGHT = /( {2}position\(\): number \| null \{\n)([^}]*?return this\.#firsts\[this\.#head\])( \?\? this\.#end)/
const WRONG = '$1    if (this.#unsettled > 0) return (this.#firsts[this.#head] ?? 0) + 1\n$2$3'

/** The words that start an agent which commits one record too far; its sources are gone after the test. */
export function committingTooFar(t: TestContext): readonly [string, ...string[]] {
  // Inside the project, so that its packages are found.
  const build = join(root, '.build')
  mkdirSync(build, { recursive: true })
  const copy = mkdtempSync(join(build, 'mutant-'))
  t.after(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true })
  cpSync(join(root, 'package.json'), join(copy, 'package.json'))
  const file = join(copy, 'src', LEDGER)
  const text = readFileSync(file, 'utf8')
  if (!RIGHT.test(text)) throw new Error(`cannot make the mutant: ${LEDGER} has no position() of the known shape`)
  writeFileSync(file, text.replace(RIGHT, WRONG))
  return [process.execPath, join(copy, 'src', 'main.ts')]
}
