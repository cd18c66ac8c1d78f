// The commands of docs/kubernetes.md as a newcomer types them, with stand-ins for Docker and Helm.
import { readFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { helmPath } from '../../../scripts/chart/tools.ts'
import { run, type Outcome } from './command.ts'

const project = join(import.meta.dirname, '..', '..', '..')

export interface Walk {
  readonly outcome: Outcome
  readonly manifest: string
}

/** Runs every block of shell of the document, in order, in a copy of the project that `folder` becomes. */
export async function walkThrough(folder: string, docker: string): Promise<Walk> {
  const text = readFileSync(join(project, 'docs', 'kubernetes.md'), 'utf8')
  const steps = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, step]) => step ?? '')
  const [, values = ''] = /^```yaml\n(# scores\.yaml\n.*?)^```$/ms.exec(text) ?? []
  const bin = join(folder, 'bin')
  await mkdir(bin, { recursive: true })
  for (const name of ['charts', 'examples']) await symlink(join(project, name), join(folder, name))
  await writeFile(join(folder, 'scores.yaml'), values)
  await writeFile(join(bin, 'docker'), docker)
  await chmod(join(bin, 'docker'), 0o755)
  await symlink(helmPath(4), join(bin, 'helm'))
  const env = { PATH: [bin, process.env['PATH'] ?? ''].join(delimiter), HOME: folder }
  const outcome = await run('bash', ['-e', '-c', `cd '${folder}'\n${steps.join('\n')}`], { env })
  return { outcome, manifest: readFileSync(join(folder, 'manifest.yaml'), 'utf8') }
}
