// Makes the one binary: sources → one CommonJS file → that file inside a stripped copy of the running Node.
import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import process from 'node:process'
import { inspect } from 'node:util'
import { version } from '../src/version.ts'
import { prepareBase, refuseSecondFuse } from './build/base.ts'
import { bundle, inputsFile } from './build/bundle.ts'
import { inject, proveStart } from './build/inject.ts'
import { koffiFile, publish } from './build/pieces.ts'
import { BuildError, step } from './build/step.ts'

const root = join(import.meta.dirname, '..')
const work = join(root, '.build')
const entry = process.argv[2] ?? join(root, 'src', 'main.ts')
const dist = process.argv[3] ?? join(root, 'dist')

async function build(): Promise<void> {
  const app = join(work, 'app.cjs')
  const base = join(work, 'node')
  const binary = join(work, 'pidpiper')
  const koffi = koffiFile()
  await mkdir(join(work, 'tmp'), { recursive: true })
  await mkdir(dist, { recursive: true })
  // What runs here writes nothing outside: caches hang on HOME, passing files on TMPDIR.
  process.env['HOME'] = work
  process.env['TMPDIR'] = join(work, 'tmp')
  process.chdir(root) // the file names in the bundle's comments are relative to here

  await step('bundle the sources', () => bundle(relative(root, entry), relative(root, app)))
  await step('prepare Node', () => prepareBase(base))
  await refuseSecondFuse(app)
  await step('put the program in', () => inject(app, base, { 'koffi.node': koffi }, binary))
  await step('start it', () => proveStart(binary, version))
  await step(`fill ${relative(root, dist)}`, async () => publish(binary, koffi, await inputsOf(app), dist))
}

const inputsOf = async (app: string): Promise<string[]> =>
  JSON.parse(await readFile(inputsFile(app), 'utf8')) as string[]

try {
  await build()
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  process.stderr.write(`build: ${error.message}\nwhat to do: ${error.cure}\n`)
  if (error.cause !== undefined) process.stderr.write(`cause: ${inspect(error.cause)}\n`)
  process.exitCode = 1
}
