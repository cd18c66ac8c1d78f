// Builds the project a second time, in another folder, and compares: `node scripts/reproduce.ts`, after `npm run build`.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { execa } from 'execa'

const root = join(import.meta.dirname, '..')
const sources = ['src', 'scripts', 'package.json', 'package-lock.json', '.npmrc', 'tsconfig.json']

const folder = await mkdtemp(join(tmpdir(), 'reproduce-'))
try {
  for (const name of sources) await cp(join(root, name), join(folder, name), { recursive: true })
  // Links of a folder would lead back to the first one.
  await execa('cp', ['-aL', join(root, 'node_modules'), folder])
  await execa(process.execPath, [join(folder, 'scripts', 'build.ts')], { cwd: folder, stdio: 'inherit' })
  const [here, there] = await Promise.all(
    [root, folder].map((place) => readFile(join(place, 'dist', 'SHA256SUMS'), 'utf8')),
  )
  const isEqual = here === there
  process.stdout.write(
    isEqual ? `equal:\n${there ?? ''}` : `not equal:\n${here ?? ''}and in ${folder}:\n${there ?? ''}`,
  )
  process.exitCode = isEqual ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
