// Helm on the chart's folder, with nothing of the user's own settings.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { helmPath, parseYaml, project, toolsHome, type HelmVersion } from '../../../scripts/chart/tools.ts'

export interface Outcome {
  /** Exit code; null: Helm did not end by itself. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs Helm in `charts/`; `input` is what `--values -` reads. */
export function runHelm(words: readonly string[], version: HelmVersion = 4, input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = {
      cwd: join(project, 'charts'),
      env: { HOME: toolsHome, PATH: '/usr/bin:/bin' },
      timeout: 120_000,
      maxBuffer: 16 * 2 ** 20,
    }
    const child = execFile(helmPath(version), words, options, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr })
    })
    child.stdin?.end(input)
  })
}

/** A Kubernetes object as it is rendered, as far as every one is alike. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec?: unknown
}

/** `helm template scores pidpiper` with `values`. */
export const template = (values: unknown, version: HelmVersion = 4): Promise<Outcome> =>
  runHelm(['template', 'scores', 'pidpiper', '--namespace', 'data', '--values', '-'], version, JSON.stringify(values))

/** The objects that `values` render to; raises what Helm says where it refuses them. */
export async function render(values: unknown, version: HelmVersion = 4): Promise<KubernetesObject[]> {
  const { status, stdout, stderr } = await template(values, version)
  if (status !== 0) throw new Error(`helm ${version} refuses ${JSON.stringify(values)}: ${stderr}`)
  return parseYaml(stdout) as KubernetesObject[]
}
